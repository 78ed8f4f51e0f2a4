// SPDX-License-Identifier: AGPL-3.0-or-later
import COSIP

/// Walks an `osip_list_t` by its nodes; the count is authoritative, the last node's `next` may dangle.
private struct OSIPList<Element>: Sequence, IteratorProtocol {
    private var node: UnsafeMutablePointer<__node_t>?
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
    fileprivate init?(osip text: UnsafeMutablePointer<CChar>?) {
        guard let text else { return nil }
        self.init(cString: text)
    }
}

extension SessionDescription {
    init(osip message: UnsafeMutablePointer<sdp_message_t>) throws(SDPParseError) {
        let fields = message.pointee
        guard fields.v_version == nil || fields.v_version[0] == 0x30 else {
            throw SDPParseError(.malformed, "v= is not 0")
        }
        guard let sessionID = String(osip: fields.o_sess_id), let address = String(osip: fields.o_addr) else {
            throw SDPParseError(.malformed, "no o= line")
        }
        self.init(
            origin: Origin(
                username: String(osip: fields.o_username) ?? "-", sessionID: sessionID,
                sessionVersion: String(osip: fields.o_sess_version).flatMap { UInt64($0) } ?? 0, address: address),
            sessionName: String(osip: fields.s_name) ?? "-",
            connectionAddress: fields.c_connection.flatMap { String(osip: $0.pointee.c_addr) })
        for attribute in OSIPList<sdp_attribute_t>(fields.a_attributes) {
            guard let name = String(osip: attribute.pointee.a_att_field) else { continue }
            if let direction = MediaDirection(rawValue: name) {
                self.direction = direction
            } else {
                attributes.append(SDPAttribute(name, String(osip: attribute.pointee.a_att_value)))
            }
        }
        for element in OSIPList<sdp_media_t>(fields.m_medias) { media.append(try MediaDescription(osip: element)) }
    }
}

extension MediaDescription {
    fileprivate init(osip media: UnsafeMutablePointer<sdp_media_t>) throws(SDPParseError) {
        let fields = media.pointee
        guard let word = String(osip: fields.m_media), let proto = String(osip: fields.m_proto) else {
            throw SDPParseError(.malformed, "an m= line is incomplete")
        }
        guard let port = String(osip: fields.m_port).flatMap({ UInt16($0) }) else {
            throw SDPParseError(.scalarOutOfRange, "a port is not 0 to 65535")
        }
        self.init(kind: Kind(word), port: port, proto: proto)
        for format in OSIPList<CChar>(fields.m_payloads) { formats.append(MediaFormat(String(cString: format))) }
        guard !formats.isEmpty else { throw SDPParseError(.malformed, "an m= line has no format") }
        for connection in OSIPList<sdp_connection_t>(fields.c_connections) where connectionAddress == nil {
            connectionAddress = String(osip: connection.pointee.c_addr)
        }
        for attribute in OSIPList<sdp_attribute_t>(fields.a_attributes) {
            guard let name = String(osip: attribute.pointee.a_att_field) else { continue }
            take(name, String(osip: attribute.pointee.a_att_value))
        }
    }

    /// Puts an attribute where it belongs; what does not fit there is kept as it is.
    private mutating func take(_ name: String, _ value: String?) {
        switch (name, value) {
        case ("rtpmap", let value?): if takeRTPMap(value) { return }
        case ("fmtp", let value?): if takeParameters(value) { return }
        case ("ptime", let value?):
            if let ptime = Int(value.prefix { $0.isNumber }), (1...1_000).contains(ptime) {
                ptimeMilliseconds = ptime
                return
            }
        case ("rtcp", let value?):
            if let port = UInt16(value.prefix { $0 != " " }) {
                rtcpPort = port
                return
            }
        case ("rtcp-mux", nil):
            hasRTCPMux = true
            return
        case (_, nil):
            if let direction = MediaDirection(rawValue: name) {
                self.direction = direction
                return
            }
        default: break
        }
        attributes.append(SDPAttribute(name, value))
    }

    /// `8 PCMA/8000` or `97 L16/8000/2`.
    private mutating func takeRTPMap(_ value: String) -> Bool {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let index = formats.firstIndex(where: { $0.token == parts[0] }) else { return false }
        let encoding = parts[1].split(separator: "/").map { $0.trimmingSpaces }
        guard encoding.count >= 2, let rate = Int(encoding[1]), (1...1_000_000).contains(rate) else { return false }
        formats[index].encodingName = encoding[0]
        formats[index].clockRate = rate
        if encoding.count > 2 { formats[index].channels = Int(encoding[2]) }
        return true
    }

    private mutating func takeParameters(_ value: String) -> Bool {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let index = formats.firstIndex(where: { $0.token == parts[0] }),
            formats[index].parameters == nil
        else { return false }
        formats[index].parameters = String(parts[1])
        return true
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.prefix { $0 != " " }) }
}

extension MediaDescription.Kind {
    public init(_ word: String) {
        switch word.lowercased() {
        case "audio": self = .audio
        case "video": self = .video
        case "image": self = .image
        default: self = .other(word)
        }
    }

    /// As in the `m=` line.
    public var word: String {
        switch self {
        case .audio: "audio"
        case .video: "video"
        case .image: "image"
        case .other(let word): word
        }
    }
}
