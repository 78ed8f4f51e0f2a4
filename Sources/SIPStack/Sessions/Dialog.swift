// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

/// One side of a dialog (RFC 3261 §12): what our next request in it says, and which of theirs is in order.
struct Dialog: Sendable {
    let callID: String
    /// Our address with our tag.
    var local: NameAddress
    /// The peer's address with his tag, once he has one.
    var remote: NameAddress
    /// The number of our last request.
    var localSequence: UInt32
    /// The number of his last request, nil before the first.
    var remoteSequence: UInt32?
    /// The peer's Contact.
    var remoteTarget: SIPURI
    var routes: [NameAddress]

    var localTag: String { local.tag ?? "" }
    var remoteTag: String? { remote.tag }

    /// The side that called (§12.1.2), before any answer.
    init(calling request: SIPMessage) {
        callID = request.callID
        local = request.from
        remote = request.to
        localSequence = request.cseq.number
        remoteTarget = request.requestURI ?? request.to.uri
        routes = request.routes
    }

    /// The side that is called (§12.1.1).
    init(called request: SIPMessage, contact: SIPURI, tag: String) {
        callID = request.callID
        local = request.to
        local.tag = tag
        remote = request.from
        localSequence = 0
        remoteSequence = request.cseq.number
        remoteTarget = contact
        routes = request.recordRoutes
    }

    /// What an answer to our INVITE says about the peer (§12.1.2); a later 2xx refreshes the target only.
    mutating func learn(from response: SIPMessage, settingRoutes: Bool) {
        if let tag = response.to.tag { remote.tag = tag }
        if let contact = response.contacts.first { remoteTarget = contact.uri }
        if settingRoutes { routes = response.recordRoutes.reversed() }
    }

    /// Whether a request comes after the last one (§12.2.2); remembers it if so.
    mutating func isInOrder(_ request: SIPMessage) -> Bool {
        if let last = remoteSequence, request.cseq.number <= last { return false }
        remoteSequence = request.cseq.number
        return true
    }

    /// Whether a request with our tag in To is of this dialog (§12.2.2).
    func belongs(_ request: SIPMessage) -> Bool {
        callID == request.callID && remoteTag == request.from.tag
    }

    /// The next request in the dialog (§12.2.1.1), still without Via.
    mutating func request(_ method: SIPMethod) -> SIPMessage {
        localSequence &+= 1
        return request(method, number: localSequence)
    }

    /// A request under a given number: the ACK of a 2xx has that of its INVITE (§13.2.2.4).
    func request(_ method: SIPMethod, number: UInt32) -> SIPMessage {
        let (uri, routes) = Self.path(to: remoteTarget, by: routes)
        return SIPMessage(
            startLine: .request(method, uri), from: local, to: remote, callID: callID,
            cseq: CSeq(number, method), maxForwards: 70, routes: routes)
    }

    /// Request-URI and Route headers; a first proxy without `lr` is a strict router and takes the place of the
    /// target (§12.2.1.1).
    static func path(to target: SIPURI, by routes: [NameAddress]) -> (SIPURI, [NameAddress]) {
        guard let first = routes.first, !first.uri.parameters.contains("lr") else { return (target, routes) }
        return (first.uri, Array(routes.dropFirst()) + [NameAddress(uri: target)])
    }
}
