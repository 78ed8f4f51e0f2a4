// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Names
internal import SIPStack
public import Site
public import Timing

/// How a trunk is doing.
public enum TrunkState: Hashable, Sendable, CustomStringConvertible {
    /// A gateway that registers.
    case registered, notRegistered
    /// Registered, but its connection is gone and none can be opened to it.
    case outOfReach
    /// A peer, by its answers to OPTIONS; `notAsked` with `keep_alive = 0` and before the first answer.
    case reachable, notReachable, notAsked
    /// A peer whose name leads nowhere yet.
    case resolving
    case unresolved(reason: String)

    public var description: String {
        switch self {
        case .registered: "registered"
        case .notRegistered: "not registered"
        case .outOfReach: "registered, not reachable"
        case .reachable: "reachable"
        case .notReachable: "not reachable"
        case .notAsked: "not asked"
        case .resolving: "name is being looked up"
        case .unresolved(let reason): "name does not resolve: \(reason)"
        }
    }
}

extension SwitchServices {
    public func state(of trunk: Trunk, now: Instant) -> TrunkState {
        if let user = trunk.user {
            let bindings = location.bindings(of: user, now: now)
            if bindings.isEmpty { return .notRegistered }
            return bindings.contains { $0.way != nil } ? .registered : .outOfReach
        }
        if let service = Switchboard.service(of: trunk) {
            switch location.nameState(of: service) {
            case .asking, nil: return .resolving
            case .failing(let failure, last: nil): return .unresolved(reason: failure.description)
            case .known, .failing: break
            }
        }
        return location.isReachable(trunk.name).map { $0 ? .reachable : .notReachable } ?? .notAsked
    }
}
