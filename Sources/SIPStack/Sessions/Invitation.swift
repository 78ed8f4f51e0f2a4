// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage

/// What `UserAgent.invite` sends.
public struct Invitation: Sendable {
    public var requestURI: SIPURI
    /// The next hop.
    public var flow: Flow
    /// Further next hops, tried in this order when one fails (RFC 3263 §4.3). At most `maxAlternatives`.
    public var alternatives: [Flow]
    /// Without a tag: the stack draws it.
    public var from: NameAddress
    public var to: NameAddress
    /// Further headers, e.g. P-Asserted-Identity or X- headers of a trunk.
    public var headers: [SIPHeader]
    /// The SDP offer. Without it the ACK goes out empty, so leave it out only towards a peer that bears that.
    public var body: [UInt8]?
    public var contentType: String
    /// Answers 401 and 407, once for each nonce.
    public var credentials: DigestLogin?
    /// Route headers known beforehand (RFC 3261 §8.1.2), e.g. an outbound proxy or a stored Path.
    public var routes: [NameAddress]
    /// From sending to giving up with `failed` 408, whatever rings.
    public var ringTimeout: Duration?
    /// 1…255; a call passed on has one less than it came with, so that loops end.
    public var maxForwards: Int
    /// The user part of our Contact; that of `from` when nil.
    public var contactUser: String?
    /// The dialog at the called side whose place the call takes (RFC 3891). A phone that cannot do it answers 420.
    public var replaces: ReplacesHeader?

    public static let maxAlternatives = 8

    public init(
        requestURI: SIPURI, flow: Flow, from: NameAddress, to: NameAddress, headers: [SIPHeader] = [],
        body: [UInt8]? = nil, contentType: String = "application/sdp", credentials: DigestLogin? = nil,
        routes: [NameAddress] = [], ringTimeout: Duration? = nil, maxForwards: Int = 70,
        contactUser: String? = nil, replaces: ReplacesHeader? = nil, alternatives: [Flow] = []
    ) {
        self.requestURI = requestURI
        self.flow = flow
        self.alternatives = alternatives
        self.from = from
        self.to = to
        self.headers = headers
        self.body = body
        self.contentType = contentType
        self.credentials = credentials
        self.routes = routes
        self.ringTimeout = ringTimeout
        self.maxForwards = maxForwards
        self.contactUser = contactUser
        self.replaces = replaces
    }
}

/// What `UserAgent.request` sends: REGISTER, OPTIONS, MESSAGE … outside dialogs.
public struct OutOfDialogRequest: Sendable {
    public var method: SIPMethod
    public var requestURI: SIPURI
    /// The next hop.
    public var flow: Flow
    /// Without a tag: the stack draws it.
    public var from: NameAddress
    public var to: NameAddress
    public var headers: [SIPHeader]
    public var contacts: [NameAddress]
    public var contentType: String?
    public var body: [UInt8]
    /// Answers 401 and 407, once for each nonce.
    public var credentials: DigestLogin?
    public var routes: [NameAddress]
    /// A registration keeps its Call-ID (RFC 3261 §10.2.4); drawn when nil.
    public var callID: String?
    /// The CSeq number of the first try; a digest answer has one more. The response tells the last one.
    public var sequence: UInt32

    public init(
        method: SIPMethod, requestURI: SIPURI, flow: Flow, from: NameAddress, to: NameAddress,
        headers: [SIPHeader] = [], contacts: [NameAddress] = [], contentType: String? = nil,
        body: [UInt8] = [], credentials: DigestLogin? = nil, routes: [NameAddress] = [],
        callID: String? = nil, sequence: UInt32 = 1
    ) {
        self.method = method
        self.requestURI = requestURI
        self.flow = flow
        self.from = from
        self.to = to
        self.headers = headers
        self.contacts = contacts
        self.contentType = contentType
        self.body = body
        self.credentials = credentials
        self.routes = routes
        self.callID = callID
        self.sequence = sequence
    }
}
