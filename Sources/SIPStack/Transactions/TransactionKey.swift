// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

/// What two messages of one transaction have in common (RFC 3261 §17.1.3 and §17.2.3).
///
/// A reference with its hash beside it: dictionaries copy keys, and hash them again when a neighbour goes.
struct TransactionKey: Hashable, Sendable {
    private final class Parts: Sendable {
        let isClient: Bool
        let branch: String
        let sentBy: String
        let port: Int?
        let method: SIPMethod
        /// Without the method: the few methods taken share what a sender may choose freely.
        let hash: Int

        init(isClient: Bool, branch: String, sentBy: String, port: Int?, method: SIPMethod) {
            self.isClient = isClient
            self.branch = branch
            self.sentBy = sentBy
            self.port = port
            self.method = method
            var hasher = Hasher()
            hasher.combine(branch)
            hasher.combine(sentBy)
            hasher.combine(port)
            hash = hasher.finalize()
        }
    }

    private let parts: Parts

    /// - Parameters:
    ///   - isClient: true for transactions of ours: their branches are drawn by us, so no sent-by is needed.
    ///   - sentBy: host of the top Via for server transactions, `port` its port: two clients may draw the same branch.
    ///   - method: of the request; ACK counts as INVITE.
    init(isClient: Bool, branch: String, sentBy: String, port: Int? = nil, method: SIPMethod) {
        parts = Parts(isClient: isClient, branch: branch, sentBy: sentBy, port: port, method: method)
    }

    var isClient: Bool { parts.isClient }
    var method: SIPMethod { parts.method }

    /// The key of the INVITE that a CANCEL of this key is after (§9.2).
    var ofInvite: TransactionKey {
        TransactionKey(
            isClient: isClient, branch: parts.branch, sentBy: parts.sentBy, port: parts.port, method: .invite)
    }

    static func == (a: TransactionKey, b: TransactionKey) -> Bool {
        let (a, b) = (a.parts, b.parts)
        return a === b
            || a.hash == b.hash && a.branch == b.branch && a.method == b.method && a.isClient == b.isClient
                && a.sentBy == b.sentBy && a.port == b.port
    }

    func hash(into hasher: inout Hasher) { hasher.combine(parts.hash) }

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
}

/// What two copies of one request that came by different ways have in common (RFC 3261 §8.2.2.2).
///
/// A reference with its hash beside it, as `TransactionKey` is.
struct MergeKey: Hashable, Sendable {
    private final class Parts: Sendable {
        let callID: String
        let cseq: CSeq
        let fromTag: String
        let hash: Int

        init(callID: String, cseq: CSeq, fromTag: String) {
            self.callID = callID
            self.cseq = cseq
            self.fromTag = fromTag
            var hasher = Hasher()
            hasher.combine(callID)
            hasher.combine(cseq.number)
            hasher.combine(fromTag)
            hash = hasher.finalize()
        }
    }

    private let parts: Parts

    init(_ request: SIPMessage) {
        parts = Parts(callID: request.callID, cseq: request.cseq, fromTag: request.from.tag ?? "")
    }

    static func == (a: MergeKey, b: MergeKey) -> Bool {
        let (a, b) = (a.parts, b.parts)
        return a === b
            || a.hash == b.hash && a.callID == b.callID && a.cseq == b.cseq && a.fromTag == b.fromTag
    }

    func hash(into hasher: inout Hasher) { hasher.combine(parts.hash) }
}
