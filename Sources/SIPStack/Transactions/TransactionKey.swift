// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

/// What two messages of one transaction have in common (RFC 3261 §17.1.3 and §17.2.3).
struct TransactionKey: Hashable, Sendable {
    /// True for transactions of ours: their branches are drawn by us, so no sent-by is needed.
    var isClient: Bool
    var branch: String
    /// Host and port of the top Via for server transactions: two clients may draw the same branch.
    var sentBy: String
    var port: Int?
    /// The method of the request; ACK counts as INVITE.
    var method: SIPMethod

    static let cookie = "z9hG4bK"

    static func client(branch: String, method: SIPMethod) -> TransactionKey {
        TransactionKey(isClient: true, branch: branch, sentBy: "", method: method)
    }

    /// The key of an incoming request.
    static func server(_ request: SIPMessage, via: Via) -> TransactionKey {
        var method = request.method
        if method == .ack { method = .invite }
        let isCapital = via.host.utf8.contains { $0 >= 0x41 && $0 <= 0x5A }
        let sentBy = isCapital ? via.host.lowercased() : via.host
        if let branch = via.branch, branch.hasPrefix(cookie), branch.utf8.count > cookie.utf8.count {
            return TransactionKey(isClient: false, branch: branch, sentBy: sentBy, port: via.port, method: method)
        }
        // RFC 2543: no unique branch. The To tag is left out because an ACK carries ours and the INVITE none.
        let uri = request.requestURI
        let identity = [
            request.callID, String(request.cseq.number), request.from.tag ?? "", uri?.user ?? "",
            uri?.host ?? "", via.branch ?? "",
        ].joined(separator: "\u{1}")
        return TransactionKey(isClient: false, branch: identity, sentBy: sentBy, port: via.port, method: method)
    }

    /// The key of the INVITE that a CANCEL of this key is after (§9.2).
    var ofInvite: TransactionKey {
        var key = self
        key.method = .invite
        return key
    }

    /// Without the method: the few methods taken share what a sender may choose freely.
    func hash(into hasher: inout Hasher) {
        hasher.combine(branch)
        hasher.combine(sentBy)
        hasher.combine(port)
    }
}

/// What two copies of one request that came by different ways have in common (RFC 3261 §8.2.2.2).
struct MergeKey: Hashable, Sendable {
    var callID: String
    var cseq: CSeq
    var fromTag: String

    init(_ request: SIPMessage) {
        callID = request.callID
        cseq = request.cseq
        fromTag = request.from.tag ?? ""
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(callID)
        hasher.combine(cseq.number)
        hasher.combine(fromTag)
    }
}
