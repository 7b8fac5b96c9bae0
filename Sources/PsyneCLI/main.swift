print("psyne")
