// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Why listening could not begin, in words for whoever runs the switch.
public enum SIPTransportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another program holds the port (EADDRINUSE).
    case portTaken(ListenAddress)
    /// The address belongs to no interface of this host (EADDRNOTAVAIL).
    case addressNotOfThisHost(ListenAddress)
    /// Ports below 1024 need a privilege (EACCES, EPERM).
    case notPermitted(ListenAddress)
    /// Any other answer of the system, by its number and words.
    case system(ListenAddress, errno: Int32, words: String)
    /// `start` was given nothing to listen on, or was called twice.
    case misuse(String)

    static func system(_ listen: ListenAddress, _ code: Int32) -> SIPTransportError {
        switch code {
        case EADDRINUSE: .portTaken(listen)
        case EADDRNOTAVAIL: .addressNotOfThisHost(listen)
        case EACCES, EPERM: .notPermitted(listen)
        default: .system(listen, errno: code, words: String(cString: strerror(code)))
        }
    }

    public var description: String {
        switch self {
        case .portTaken(let listen):
            "cannot listen on \(listen): another program already uses port \(listen.port)"
                + " (see which with: ss -lnp 'sport = \(listen.port)')"
        case .addressNotOfThisHost(let listen):
            "cannot listen on \(listen): \(listen.address) is not an address of this host (see: ip address)"
        case .notPermitted(let listen):
            "cannot listen on \(listen): not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE"
        case .system(let listen, let code, let words):
            "cannot listen on \(listen): \(words) (error \(code))"
        case .misuse(let words): words
        }
    }
}
