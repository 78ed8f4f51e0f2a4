// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Something a lamp can watch.
enum LampName: Hashable, Sendable, CustomStringConvertible {
    case seat(String)
    /// Of a module, as hints have it: `park:701`.
    case module(String)

    /// What a hint of the dialplan watches; nil for what has no state of its own (a number, a trunk).
    init?(_ destination: Destination) {
        switch destination {
        case .seat(let number): self = .seat(number)
        case .other(let scheme, let name): self = .module("\(scheme):\(name)")
        case .trunk, .number, .context, .hangUp: return nil
        }
    }

    var description: String {
        switch self {
        case .seat(let number): "seat:\(number)"
        case .module(let name): name
        }
    }
}

/// The event packages that are served, with the documents of each.
enum LampPackage: String, Hashable, Sendable, CaseIterable {
    /// RFC 4235.
    case dialog
    /// RFC 3856.
    case presence

    var contentType: String {
        switch self {
        case .dialog: "application/dialog-info+xml"
        case .presence: "application/pidf+xml"
        }
    }
}

/// One dialog of what is watched, seen from there: `local` is the one watched.
struct LampDialog: Hashable, Sendable {
    enum State: String, Hashable, Sendable {
        /// Rings, or has not been answered.
        case early
        case confirmed
        /// Over; told once.
        case terminated
    }

    /// What an INVITE with Replaces needs to take a call that rings (RFC 3891), as the one watched knows it.
    struct Identifiers: Hashable, Sendable {
        var callID: String
        var localTag: String
        var remoteTag: String
    }

    /// The same as long as the dialog lasts.
    var id: String
    /// The one watched has called; nil: not known.
    var isInitiator: Bool?
    var state: State
    var isHeld = false
    var local: CallerIdentity?
    var remote: CallerIdentity?
    /// Of a call that rings; told to those who may pick it up.
    var identifiers: Identifiers?
    /// Whose call it is.
    var seat: String?
}

/// What a lamp shows.
struct LampLook: Hashable, Sendable {
    /// Somebody could be reached there.
    var isReachable: Bool
    /// Those that ring first; at most ``mostDialogs``.
    var dialogs: [LampDialog]

    /// A NOTIFY should fit into a datagram, and no telephone shows more.
    static let mostDialogs = 10

    init(isReachable: Bool, dialogs: [LampDialog] = []) {
        self.isReachable = isReachable
        let inOrder = dialogs.filter { $0.state == .early } + dialogs.filter { $0.state != .early }
        self.dialogs = Array(inOrder.prefix(Self.mostDialogs))
    }

    /// Of several that one lamp watches (`SIP/8001&SIP/8002`): reachable when one of them is.
    init(merging looks: [LampLook]) {
        self.init(isReachable: looks.contains(where: \.isReachable), dialogs: looks.flatMap(\.dialogs))
    }

    var isRinging: Bool { dialogs.contains { $0.state == .early && $0.isInitiator == false } }
    /// Somebody talks there, or calls.
    var isInUse: Bool { dialogs.contains { $0.state == .confirmed || $0.isInitiator == true } }
    /// All talks there are held, and nobody is being called.
    var isOnHold: Bool {
        isInUse && dialogs.allSatisfy { $0.isHeld || ($0.state == .early && $0.isInitiator != true) }
    }

    /// Whether the document of a package says the same of both.
    func isSame(as other: LampLook, in package: LampPackage) -> Bool {
        switch package {
        case .dialog: self == other
        case .presence:
            isReachable == other.isReachable && isInUse == other.isInUse && isRinging == other.isRinging
                && isOnHold == other.isOnHold
        }
    }

    /// For listings.
    var word: String {
        if isOnHold { return "on hold" }
        if isInUse { return isRinging ? "in use, ringing" : "in use" }
        if isRinging { return "ringing" }
        return isReachable ? "idle" : "unregistered"
    }
}
