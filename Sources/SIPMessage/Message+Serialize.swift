// SPDX-License-Identifier: AGPL-3.0-or-later

extension SIPMessage {
    /// The message as it goes on the wire, Content-Length made from `body`.
    public func serialize() -> [UInt8] {
        var writer = WireWriter([], reserving: sizeEstimate)
        write(into: &writer)
        return writer.bytes
    }

    /// Appends the message to `bytes`.
    public func serialize(into bytes: inout [UInt8]) {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var writer = WireWriter(taken, reserving: sizeEstimate)
        taken = []
        write(into: &writer)
        swap(&writer.bytes, &bytes)
    }

    private var sizeEstimate: Int {
        var size = 384 + body.count + callID.utf8.count
        size += 160 * (vias.count + contacts.count + routes.count + recordRoutes.count)
        for header in headers { size += header.name.utf8.count + header.value.utf8.count + 4 }
        return size
    }

    private func write(into writer: inout WireWriter) {
        switch startLine {
        case .request(let method, let uri):
            writer.text(method.rawValue)
            writer.byte(0x20)
            writer.uri(uri)
            writer.literal(" SIP/2.0\r\n")
        case .response(let status, let reason):
            writer.literal("SIP/2.0 ")
            writer.number(status)
            writer.byte(0x20)
            writer.text(reason)
            writer.literal("\r\n")
        }
        for via in vias {
            writer.literal("Via: ")
            writer.via(via)
            writer.literal("\r\n")
        }
        for address in recordRoutes { writer.line("Record-Route: ", address) }
        for address in routes { writer.line("Route: ", address) }
        if let maxForwards {
            writer.literal("Max-Forwards: ")
            writer.number(maxForwards)
            writer.literal("\r\n")
        }
        writer.line("From: ", from)
        writer.line("To: ", to)
        writer.literal("Call-ID: ")
        writer.text(callID)
        writer.literal("\r\nCSeq: ")
        writer.number(Int(cseq.number))
        writer.byte(0x20)
        writer.text(cseq.method.rawValue)
        writer.literal("\r\n")
        if hasWildcardContact { writer.literal("Contact: *\r\n") }
        for address in contacts { writer.line("Contact: ", address) }
        for header in headers where !header.isContentLength {
            writer.text(header.name)
            writer.literal(": ")
            writer.text(header.value)
            writer.literal("\r\n")
        }
        if let contentType {
            writer.literal("Content-Type: ")
            writer.text(contentType)
            writer.literal("\r\n")
        }
        writer.literal("Content-Length: ")
        writer.number(body.count)
        writer.literal("\r\n\r\n")
        writer.bytes.append(contentsOf: body)
    }
}

extension SIPHeader {
    /// A second Content-Length would let two readers see two different messages.
    fileprivate var isContentLength: Bool {
        name.utf8.count == 14 && name.equalsIgnoringASCIICase("Content-Length")
            || name.utf8.count == 1 && name.equalsIgnoringASCIICase("l")
    }
}

extension WireWriter {
    mutating func line(_ name: StaticString, _ address: NameAddress) {
        literal(name)
        nameAddress(address)
        literal("\r\n")
    }

    /// Always with angle brackets, so that parameters of the URI and of the header cannot be mistaken for each other.
    mutating func nameAddress(_ address: NameAddress) {
        if let name = address.displayName, !name.isEmpty {
            quoted(name)
            byte(0x20)
        }
        byte(0x3C)
        uri(address.uri)
        byte(0x3E)
        parameters(address.parameters)
    }

    mutating func via(_ via: Via) {
        literal("SIP/2.0/")
        text(via.transport)
        byte(0x20)
        text(via.host)
        if let port = via.port {
            byte(0x3A)
            number(port)
        }
        parameters(via.parameters)
    }

    mutating func parameters(_ parameters: [SIPParameter]) {
        for parameter in parameters {
            byte(0x3B)
            text(parameter.name)
            if let value = parameter.value {
                byte(0x3D)
                text(value)
            }
        }
    }

    mutating func uri(_ uri: SIPURI) {
        text(uri.scheme)
        byte(0x3A)
        if let user = uri.user {
            escaped(user) { $0.isUserCharacter }
            if let password = uri.password {
                byte(0x3A)
                escaped(password) { $0.isPasswordCharacter }
            }
            if !uri.host.isEmpty { byte(0x40) }
        }
        text(uri.host)
        if let port = uri.port {
            byte(0x3A)
            number(port)
        }
        for parameter in uri.parameters {
            byte(0x3B)
            escaped(parameter.name) { $0.isURIParameterCharacter }
            if let value = parameter.value {
                byte(0x3D)
                escaped(value) { $0.isURIParameterCharacter }
            }
        }
        var separator = UInt8(ascii: "?")
        for header in uri.headers {
            byte(separator)
            separator = UInt8(ascii: "&")
            escaped(header.name) { $0.isURIHeaderCharacter }
            byte(0x3D)
            escaped(header.value) { $0.isURIHeaderCharacter }
        }
    }
}
