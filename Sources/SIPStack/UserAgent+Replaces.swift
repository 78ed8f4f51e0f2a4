// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage

/// What a Replaces header leads to (RFC 3891 §3).
public enum ReplacesLookup: Hashable, Sendable {
    /// The session whose place is to be taken, once it is sure that the caller may.
    case found(SessionID)
    /// No dialog of ours; 481.
    case notFound
    /// A dialog of ours that cannot be replaced; the status to answer.
    case declined(status: Int)
}

extension UserAgent {
    /// The session that a Replaces header names. `to-tag` is compared with our tag and `from-tag` with the peer's, as in
    /// an incoming request. Sessions that are ending get 603; of those that ended before nothing is known, they get 481.
    public func session(replaces: ReplacesHeader) -> ReplacesLookup {
        guard let id = sessionsByTag[replaces.toTag], let dialog = sessions[id]?.dialog ?? lingering[id]?.dialog,
            dialog.callID == replaces.callID, Self.isSame(replaces.fromTag, dialog.remoteTag)
        else { return .notFound }
        guard let session = sessions[id], !session.isOver, !session.leavesWhenAcknowledged else {
            return .declined(status: 603)
        }
        switch session.phase {
        case .calling:
            guard dialog.remoteTag != nil else { return .notFound }
            return session.cancellation == .none ? .found(id) : .declined(status: 603)
        case .ringing:
            // Only who called may have his early dialog replaced.
            return .declined(status: 481)
        case .accepted, .confirmed:
            return replaces.isEarlyOnly ? .declined(status: 486) : .found(id)
        case .leaving:
            return .declined(status: 603)
        }
    }

    /// "0" stands for the tag that a peer of RFC 2543 does not have (RFC 3891 §6.1).
    private static func isSame(_ tag: String, _ remote: String?) -> Bool { tag == remote ?? "0" }

    /// Whether a request has a Replaces that it may not have: two of them, an unreadable one, one beside Join, or one in
    /// anything but an INVITE that begins a dialog (RFC 3891 §3).
    static func hasMisplacedReplaces(_ request: SIPMessage) -> Bool {
        guard request.header(ReplacesHeader.headerName) != nil else { return false }
        return switch request.single(ReplacesHeader.self) {
        case .absent: false
        case .malformed: true
        case .one: request.method != .invite || request.to.tag != nil || request.header("Join") != nil
        }
    }
}
