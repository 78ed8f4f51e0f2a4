// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Diagnostics

/// A way to the outside: a gateway or a carrier.
public struct Trunk: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A gateway that registers to us as `user` with the trunk's secret.
        case registers(user: String)
        /// A far end known by its address.
        case peer(Peer)
    }

    public struct Peer: Hashable, Sendable {
        /// Calls from here are the trunk's; no login is asked for. Empty when the file gives none for a host that is a
        /// name: then calls from the addresses the name leads to are.
        public var addresses: [AddressBlock]
        /// Where calls out are sent: a name or an address, IPv6 without brackets.
        public var host: String
        /// nil when the file gives none: what the name's SRV records say, else 5060 (RFC 3263 §4.2).
        public var port: UInt16?
        public var transport: ListenAddress.Transport
    }

    /// What calls out show as the caller's number.
    public enum CallerID: Hashable, Sendable {
        /// The calling seat's or caller's own number.
        case own
        /// Anonymous (RFC 3323).
        case none
        case number(String)
    }

    /// Takes digits off the front of a number, then puts others there.
    public struct NumberRule: Hashable, Sendable {
        public var strip: Int
        public var prepend: String

        public init(strip: Int = 0, prepend: String = "") {
            self.strip = strip
            self.prepend = prepend
        }

        /// A number shorter than `strip` loses all its digits.
        public func applied(to number: String) -> String { prepend + number.dropFirst(strip) }
    }

    public var name: String
    public var kind: Kind
    /// Calls at once, in and out together.
    public var lines: Int
    /// Where its calls enter the dialplan.
    public var context: String
    /// The extension at which calls in begin; nil: the number that the gateway sends.
    public var entryExtension: String?
    public var language: SiteLanguage
    /// Of the called number of calls out.
    public var outgoingNumber: NumberRule
    /// Of the called number of calls in.
    public var incomingNumber: NumberRule
    /// Of the caller's number of calls in, so that calling back goes out again.
    public var incomingCaller: NumberRule
    public var callerID: CallerID
    /// Most wanted first.
    public var codecs: [MediaCodec]
    /// OPTIONS are sent this often; nil: never.
    public var keepAlive: Duration?
    /// Those behind it may send the other side elsewhere, by REFER or by code. Off unless the file says so: an outside party
    /// could call the world at the site's cost.
    public var mayTransfer = false
    /// The class of music that those hear who are held on it, or by somebody behind it; nil: the site's.
    public var holdMusic: String?
    /// Where the file defines it.
    public var spot: SourceLocation

    /// The user name of a gateway that registers.
    public var user: String? {
        if case .registers(let user) = kind { user } else { nil }
    }
}
