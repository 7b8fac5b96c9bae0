import COpenSSL
@testable import PsyneTLS

extension RawPeer {
  /// Says what has the other side do something; true if that could be said.
  func isAsking(_ chore: FloodTests.Chore) -> Bool {
    let isSet =
      switch chore {
      case .newKeys: unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
      case .newKeysOfOurs: unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
      case .tickets: unsafe SSL_new_session_ticket(ssl)
      }
    return unsafe isSet == 1 && SSL_do_handshake(ssl) == 1
  }

  func updateKeys() -> Bool { unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 }
}

/// What a peer of OpenSSL's own speaks; the names go as they are.
func setProtocols(_ context: OpaquePointer, _ names: [String]) {
  let list = names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
  unsafe SSL_CTX_set_alpn_protos(context, list, UInt32(list.count))
}

/// How a peer of OpenSSL's own agrees on keys; it guesses that the first is taken.
func setGroups(_ context: OpaquePointer, _ groups: String) {
  var groups = Array(groups.utf8CString)
  unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, &groups)
}

/// Has a server select whatever comes first.
func selectFirstProtocol(_ context: OpaquePointer) {
  unsafe SSL_CTX_set_alpn_select_cb(
    context,
    { _, out, outCount, list, _, _ in
      unsafe out?.pointee = list?.advanced(by: 1)
      unsafe outCount?.pointee = list?.pointee ?? 0
      return SSL_TLSEXT_ERR_OK
    }, nil)
}

extension Place {
  /// A peer as ours would be, which takes any certificate, however weak.
  func configure(_ context: OpaquePointer, isServer: Bool, _ name: String? = nil) {
    unsafe SSL_CTX_set_security_level(context, 0)
    if isServer {
      unsafe selectFirstProtocol(context)
    } else {
      unsafe setProtocols(context, ["psyne/1"])
    }
    guard let name = name ?? (isServer ? "server" : nil) else { return }
    unsafe SSL_CTX_use_certificate_file(context, path("\(name).pem"), SSL_FILETYPE_PEM)
    unsafe SSL_CTX_use_PrivateKey_file(context, path("\(name).key"), SSL_FILETYPE_PEM)
  }
}

extension Place {
  /// A session of ours, a listener's or a connector's, and a peer of OpenSSL's own that has met it.
  func met(isServer: Bool) throws -> (End, RawPeer) {
    let end = End(
      isServer ? try listener().session() : try connector().session(host: "localhost"))
    let raw = unsafe RawPeer(isServer: !isServer) { context in
      unsafe configure(context, isServer: !isServer)
    }
    pump(end, raw)
    return (end, raw)
  }
}

func copenssl_set_max(_ context: OpaquePointer, _ version: TLSVersion) {
  unsafe _ = copenssl_set_max_version(
    context, version == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION)
}
