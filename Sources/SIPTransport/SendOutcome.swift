// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// What one attempt to send a datagram came to, by the system's answer.
enum SendOutcome: Hashable, Sendable {
    case sent
    /// The machine was short of room for a moment (EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM). The datagram is lost as it
    /// might be on the wire; the sender's retransmission covers it (RFC 3261 §17), and nothing is wrong with the way.
    case lost(errno: Int32)
    /// This message cannot go, others on the same way can (EMSGSIZE).
    case refused
    /// There is no way to that address, or none that may be used: ICMP said so, no route, a firewall, an address that is
    /// none. Every message there would fare the same.
    case unreachable

    init(errno code: Int32) {
        switch code {
        case 0: self = .sent
        case EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM, EINTR: self = .lost(errno: code)
        case EMSGSIZE: self = .refused
        // ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, EACCES, EPERM, EINVAL, EADDRNOTAVAIL, EAFNOSUPPORT …
        default: self = .unreachable
        }
    }
}

/// Something for the log. Told at most once a minute for each loop.
public enum SIPTransportProblem: Hashable, Sendable, CustomStringConvertible {
    /// Datagrams that the system had no room for since the last report, and its words for the last.
    case datagramsLost(count: Int, words: String)

    public var description: String {
        switch self {
        case .datagramsLost(let count, let words):
            "\(count) datagram(s) could not be sent for the moment and are left to retransmission: \(words)"
        }
    }
}
