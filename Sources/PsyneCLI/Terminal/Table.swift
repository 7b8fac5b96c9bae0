/// Columns of text: the first ones left, those of numbers right.
struct Table {
  private var rows: [[String]]

  init(_ titles: [String]) { rows = [titles] }

  mutating func add(_ row: [String]) { rows.append(row) }

  var isEmpty: Bool { rows.count == 1 }

  /// A column is right-aligned if everything below its title begins with a digit or is a dash.
  var text: String {
    let columns = rows[0].indices
    let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let areNumbers = columns.map { column in
      rows.dropFirst().allSatisfy { $0[column].first?.isNumber == true || $0[column] == "-" }
    }
    return rows.map { row in
      let cells = columns.map { column in
        areNumbers[column] ? row[column].right(widths[column]) : row[column].left(widths[column])
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}
