// SPDX-License-Identifier: AGPL-3.0-or-later

/// A SIP request method (RFC 3261 §7.1). Methods are case-sensitive tokens.
public struct SIPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    public static let invite = SIPMethod(rawValue: "INVITE")
    public static let ack = SIPMethod(rawValue: "ACK")
    public static let bye = SIPMethod(rawValue: "BYE")
    public static let cancel = SIPMethod(rawValue: "CANCEL")
    public static let register = SIPMethod(rawValue: "REGISTER")
    public static let options = SIPMethod(rawValue: "OPTIONS")
    public static let info = SIPMethod(rawValue: "INFO")
    public static let prack = SIPMethod(rawValue: "PRACK")
    public static let update = SIPMethod(rawValue: "UPDATE")
    public static let refer = SIPMethod(rawValue: "REFER")
    public static let notify = SIPMethod(rawValue: "NOTIFY")
    public static let subscribe = SIPMethod(rawValue: "SUBSCRIBE")
    public static let message = SIPMethod(rawValue: "MESSAGE")
    public static let publish = SIPMethod(rawValue: "PUBLISH")
}

/// `;name` or `;name=value` behind a URI, address or Via. Names compare without case.
/// The value is kept as it stood on the wire, quotes included.
public struct SIPParameter: Hashable, Sendable {
    public var name: String
    public var value: String?
    public init(_ name: String, _ value: String? = nil) {
        self.name = name
        self.value = value
    }
}

/// A header the message does not hold in a field of its own, e.g. `X-Account: 7`.
public struct SIPHeader: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A `name-addr` or `addr-spec` with its header parameters: From, To, Contact, Route … (RFC 3261 §20.10).
public struct NameAddress: Hashable, Sendable {
    /// Without the surrounding quotes and escapes; nil when absent.
    public var displayName: String?
    public var uri: SIPURI
    public var parameters: [SIPParameter]

    public init(displayName: String? = nil, uri: SIPURI, parameters: [SIPParameter] = []) {
        self.displayName = displayName
        self.uri = uri
        self.parameters = parameters
    }

    /// The dialog tag of From and To (RFC 3261 §19.3).
    public var tag: String? {
        get { parameters.value(of: "tag") }
        set { parameters.setValue(newValue, of: "tag") }
    }
}

/// One hop of the way back (RFC 3261 §20.42, rport: RFC 3581).
public struct Via: Hashable, Sendable {
    /// `UDP`, `TCP`, `TLS`, `WS`, `WSS`, upper case.
    public var transport: String
    public var host: String
    public var port: Int?
    public var parameters: [SIPParameter]

    public init(transport: String, host: String, port: Int? = nil, parameters: [SIPParameter] = []) {
        self.transport = transport
        self.host = host
        self.port = port
        self.parameters = parameters
    }

    public var branch: String? {
        get { parameters.value(of: "branch") }
        set { parameters.setValue(newValue, of: "branch") }
    }
}

/// RFC 3261 §20.16. The number is below 2³¹ (§8.1.1.5); reading refuses more.
public struct CSeq: Hashable, Sendable {
    public var number: UInt32
    public var method: SIPMethod
    public init(_ number: UInt32, _ method: SIPMethod) {
        self.number = number
        self.method = method
    }
}

/// A SIP request or response as a plain value (RFC 3261 §7).
///
/// What dialogs and transactions read on every message has a field of its own; every other header
/// stands in `headers` in the order received. Content-Length is made from `body` on writing.
public struct SIPMessage: Hashable, Sendable {
    public enum StartLine: Hashable, Sendable {
        case request(SIPMethod, SIPURI)
        /// `status` is 100…699.
        case response(status: Int, reason: String)
    }

    public var startLine: StartLine
    public var vias: [Via]
    public var from: NameAddress
    public var to: NameAddress
    public var callID: String
    public var cseq: CSeq
    /// nil when the header is absent; 0…255.
    public var maxForwards: Int?
    public var contacts: [NameAddress]
    /// `Contact: *` (RFC 3261 §10.2.2); then `contacts` is empty.
    public var hasWildcardContact: Bool
    public var routes: [NameAddress]
    public var recordRoutes: [NameAddress]
    /// The media type as written, parameters included, e.g. `application/sdp`.
    public var contentType: String?
    public var headers: [SIPHeader]
    public var body: [UInt8]

    public init(
        startLine: StartLine, vias: [Via] = [], from: NameAddress, to: NameAddress, callID: String,
        cseq: CSeq, maxForwards: Int? = nil, contacts: [NameAddress] = [],
        hasWildcardContact: Bool = false, routes: [NameAddress] = [],
        recordRoutes: [NameAddress] = [], contentType: String? = nil, headers: [SIPHeader] = [],
        body: [UInt8] = []
    ) {
        self.startLine = startLine
        self.vias = vias
        self.from = from
        self.to = to
        self.callID = callID
        self.cseq = cseq
        self.maxForwards = maxForwards
        self.contacts = contacts
        self.hasWildcardContact = hasWildcardContact
        self.routes = routes
        self.recordRoutes = recordRoutes
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    /// The method of a request, or of the request a response answers (from CSeq).
    public var method: SIPMethod { cseq.method }

    public var isRequest: Bool {
        if case .request = startLine { true } else { false }
    }

    public var requestURI: SIPURI? {
        get { if case .request(_, let uri) = startLine { uri } else { nil } }
        set {
            if case .request(let method, _) = startLine, let newValue {
                startLine = .request(method, newValue)
            }
        }
    }

    /// The status code of a response, nil for a request.
    public var status: Int? {
        if case .response(let status, _) = startLine { status } else { nil }
    }

    /// The first header of that name in `headers`, compared without case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    /// All headers of that name in `headers`, in order.
    public func allHeaders(_ name: String) -> [String] {
        headers.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
    }

    /// Replaces every header of that name by one value, or removes them with nil.
    public mutating func setHeader(_ name: String, _ value: String?) {
        headers.removeAll { $0.name.equalsIgnoringASCIICase(name) }
        if let value { headers.append(SIPHeader(name, value)) }
    }
}

extension Array where Element == SIPParameter {
    public func contains(_ name: String) -> Bool {
        contains { $0.name.equalsIgnoringASCIICase(name) }
    }

    public func value(of name: String) -> String? {
        first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    /// Sets the value of the first parameter of that name, appends it when absent, removes it with nil.
    public mutating func setValue(_ value: String?, of name: String) {
        guard let index = firstIndex(where: { $0.name.equalsIgnoringASCIICase(name) }) else {
            if let value { append(SIPParameter(name, value)) }
            return
        }
        if let value { self[index].value = value } else { remove(at: index) }
    }
}

extension String {
    /// ASCII case folding only, as SIP tokens compare (RFC 3261 §7.3.1).
    public func equalsIgnoringASCIICase(_ other: String) -> Bool {
        let count = utf8.count
        guard count == other.utf8.count else { return false }
        // Native strings are contiguous; a bridged one takes the slow way.
        let fast = utf8.withContiguousStorageIfAvailable { a in
            other.utf8.withContiguousStorageIfAvailable { b in
                for index in 0..<count where !Self.sameLetter(a[index], b[index]) { return false }
                return true
            }
        }
        if let fast, let same = fast { return same }
        return zip(utf8, other.utf8).allSatisfy { Self.sameLetter($0, $1) }
    }

    @inline(__always)
    private static func sameLetter(_ x: UInt8, _ y: UInt8) -> Bool {
        if x == y { return true }
        let lower = x | 0x20
        return lower == y | 0x20 && lower >= 0x61 && lower <= 0x7A
    }
}
