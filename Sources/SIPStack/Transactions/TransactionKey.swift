// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

/// What two messages of one transaction have in common (RFC 3261 §17.1.3 and §17.2.3).
struct TransactionKey: Hashable, Sendable {
    /// True for transactions of ours: their branches are drawn by us, so no sent-by is needed.
    var isClient: Bool
    var branch: String
    /// `host:port` of the top Via for server transactions: two clients may draw the same branch.
    var sentBy: String
    /// The method of the request; ACK counts as INVITE.
    var method: SIPMethod

    static let cookie = "z9hG4bK"

    static func client(branch: String, method: SIPMethod) -> TransactionKey {
        TransactionKey(isClient: true, branch: branch, sentBy: "", method: method)
    }

    /// The key of an incoming request. `method` may be given to find the INVITE a CANCEL is after.
    static func server(_ request: SIPMessage, via: Via, method: SIPMethod? = nil) -> TransactionKey {
        var method = method ?? request.method
        if method == .ack { method = .invite }
        var sentBy = via.host.lowercased()
        if let port = via.port { sentBy += ":\(port)" }
        if let branch = via.branch, branch.hasPrefix(cookie), branch.utf8.count > cookie.utf8.count {
            return TransactionKey(isClient: false, branch: branch, sentBy: sentBy, method: method)
        }
        // RFC 2543: no unique branch. The To tag is left out because an ACK carries ours and the INVITE none.
        let uri = request.requestURI
        let identity = [
            request.callID, String(request.cseq.number), request.from.tag ?? "", uri?.user ?? "",
            uri?.host ?? "", via.branch ?? "",
        ].joined(separator: "\u{1}")
        return TransactionKey(isClient: false, branch: identity, sentBy: sentBy, method: method)
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
}
