// SPDX-License-Identifier: AGPL-3.0-or-later
import COSIP

/// The only place that reads libosip2's structures: from its C strings to values.
struct Grammar {
    var requestURI: SIPURI?
    var vias: [Via] = []
    var from: NameAddress?
    var to: NameAddress?
    var contacts: [NameAddress] = []
    var hasWildcardContact = false
    var routes: [NameAddress] = []
    var recordRoutes: [NameAddress] = []

    /// Reads a message of start line and structured headers only, checked and bounded before.
    init(reading text: UnsafePointer<CChar>, count: Int) throws(Flaw) {
        guard cosip_prepare() == 0 else { throw Flaw(.malformedHeader, "libosip2 did not start") }
        cosip_begin_reading()
        defer { cosip_end_reading() }
        var handle: UnsafeMutablePointer<osip_message_t>?
        guard osip_message_init(&handle) == 0, let message = handle else {
            throw Flaw(.malformedHeader, "out of memory")
        }
        defer { osip_message_free(message) }
        guard osip_message_parse(message, text, count) == 0 else {
            throw Flaw(.malformedHeader, "Request-URI, Via, From, To, Contact, Route or Record-Route is malformed")
        }
        if let uri = message.pointee.req_uri { requestURI = try SIPURI(osip: uri) }
        for element in OSIPList<osip_via_t>(message.pointee.vias) { vias.append(try Via(osip: element)) }
        if let address = message.pointee.from { from = try NameAddress(osip: address) }
        if let address = message.pointee.to { to = try NameAddress(osip: address) }
        for element in OSIPList<osip_contact_t>(message.pointee.contacts) {
            if element.pointee.url == nil, let name = element.pointee.displayname, name[0] == 0x2A, name[1] == 0 {
                hasWildcardContact = true
            } else {
                contacts.append(try NameAddress(osip: element))
            }
        }
        for element in OSIPList<osip_from_t>(message.pointee.routes) { routes.append(try NameAddress(osip: element)) }
        for element in OSIPList<osip_from_t>(message.pointee.record_routes) {
            recordRoutes.append(try NameAddress(osip: element))
        }
        if hasWildcardContact, !contacts.isEmpty { throw Flaw(.malformedHeader, "Contact: * beside other contacts") }
    }
}

/// Walks an `osip_list_t` by its nodes; `osip_list_get` would start from the head each time.
struct OSIPList<Element>: Sequence, IteratorProtocol {
    private var node: UnsafeMutablePointer<__node_t>?
    /// The count is authoritative: the last node's `next` may dangle.
    private var left: Int32

    init(_ list: osip_list_t) {
        node = list.node
        left = list.nb_elt
    }

    mutating func next() -> UnsafeMutablePointer<Element>? {
        guard left > 0, let current = node else { return nil }
        left -= 1
        node = current.pointee.next
        return current.pointee.element?.assumingMemoryBound(to: Element.self)
    }
}

extension String {
    init?(osip text: UnsafeMutablePointer<CChar>?) {
        guard let text else { return nil }
        self.init(cString: text)
    }

    /// Lower case; most hosts and schemes already are.
    init?(lowercasing text: UnsafeMutablePointer<CChar>?) {
        guard let text else { return nil }
        var index = 0
        while text[index] != 0 {
            if text[index] >= 0x41, text[index] <= 0x5A {
                self = String(cString: text).lowercased()
                return
            }
            index += 1
        }
        self.init(decoding: UnsafeRawBufferPointer(start: text, count: index), as: UTF8.self)
    }

    /// A host as `SIPURI.host` and `Via.host` hold it: lower case, IPv6 in brackets. libosip2 takes them away.
    fileprivate init?(host text: UnsafeMutablePointer<CChar>?) {
        guard let host = String(lowercasing: text), !host.isEmpty else { return nil }
        var isAddress = false
        for byte in host.utf8 {
            if byte == 0x3A { isAddress = true } else if !byte.isHostCharacter { return nil }
        }
        self = isAddress ? "[\(host)]" : host
    }
}

extension UInt8 {
    fileprivate var isHostCharacter: Bool {
        isAlphanumeric || self == UInt8(ascii: "-") || self == UInt8(ascii: ".") || self == UInt8(ascii: "_")
    }
}

private func portNumber(_ text: UnsafeMutablePointer<CChar>?) throws(Flaw) -> Int? {
    guard let text else { return nil }
    var value = 0
    var index = 0
    while text[index] != 0 {
        let digit = Int(text[index]) - 0x30
        guard digit >= 0, digit <= 9, index < 6 else { throw Flaw(.malformedHeader, "a port is no number") }
        value = value * 10 + digit
        index += 1
    }
    guard index > 0, value <= 65_535 else { throw Flaw(.scalarOutOfRange, "a port is above 65535") }
    return value
}

extension Array where Element == SIPParameter {
    init(osip list: osip_list_t) throws(Flaw) {
        self.init()
        guard list.nb_elt > 0 else { return }
        reserveCapacity(Int(list.nb_elt))
        for element in OSIPList<osip_uri_param_t>(list) {
            guard let name = String(osip: element.pointee.gname), !name.isEmpty else {
                throw Flaw(.malformedHeader, "a parameter has no name")
            }
            append(SIPParameter(name, String(osip: element.pointee.gvalue)))
        }
    }
}

extension SIPURI {
    init(osip uri: UnsafeMutablePointer<osip_uri_t>) throws(Flaw) {
        guard let scheme = String(lowercasing: uri.pointee.scheme) else {
            throw Flaw(.malformedHeader, "a URI is empty")
        }
        if let opaque = String(osip: uri.pointee.string) {
            guard !opaque.utf8.contains(where: { $0 <= 0x20 || $0 == 0x22 || $0 == 0x3C || $0 == 0x3E }) else {
                throw Flaw(.malformedHeader, "a URI holds spaces, quotes or brackets")
            }
            if scheme == "tel" { try self.init(telephone: opaque) } else { self.init(scheme: scheme, host: opaque) }
            return
        }
        guard scheme == "sip" || scheme == "sips" else {
            throw Flaw(.malformedHeader, "a URI has an unknown scheme that begins with sip")
        }
        guard let host = String(host: uri.pointee.host) else { throw Flaw(.malformedHeader, "a URI has no host") }
        self.init(
            scheme: scheme, user: String(osip: uri.pointee.username), host: host,
            port: try portNumber(uri.pointee.port),
            parameters: try [SIPParameter](osip: uri.pointee.url_params))
        password = String(osip: uri.pointee.password)
        for element in OSIPList<osip_uri_param_t>(uri.pointee.url_headers) {
            guard let name = String(osip: element.pointee.gname) else { continue }
            headers.append(SIPHeader(name, String(osip: element.pointee.gvalue) ?? ""))
        }
    }
}

extension NameAddress {
    init(osip address: UnsafeMutablePointer<osip_from_t>) throws(Flaw) {
        guard let uri = address.pointee.url else { throw Flaw(.malformedHeader, "an address has no URI") }
        self.init(
            displayName: address.pointee.displayname.flatMap { Self.unquoted(String(cString: $0)) },
            uri: try SIPURI(osip: uri), parameters: try [SIPParameter](osip: address.pointee.gen_params))
    }
}

extension Via {
    init(osip via: UnsafeMutablePointer<osip_via_t>) throws(Flaw) {
        guard let version = String(osip: via.pointee.version), version.equalsIgnoringASCIICase("2.0") else {
            throw Flaw(.malformedHeader, "a Via is not of SIP/2.0")
        }
        guard let transport = String(osip: via.pointee.protocol), !transport.isEmpty,
            let host = String(host: via.pointee.host)
        else { throw Flaw(.malformedHeader, "a Via has no transport or no host") }
        self.init(
            transport: transport.utf8.contains { $0 >= 0x61 && $0 <= 0x7A } ? transport.uppercased() : transport,
            host: host, port: try portNumber(via.pointee.port),
            parameters: try [SIPParameter](osip: via.pointee.via_params))
    }
}
