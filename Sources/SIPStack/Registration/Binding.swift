// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// Where one phone of an address of record can be reached (RFC 3261 §10.3). `Codable`, to outlive a restart.
public struct Binding: Hashable, Sendable {
    /// The address of record as the registrar's user names it, e.g. `8001`.
    public var aor: String
    /// The contact as the phone wrote it, without header parameters.
    public var contact: SIPURI
    /// Where the REGISTER came from: the way back to a phone behind NAT.
    public var flow: Flow
    public var callID: String
    public var cseq: UInt32
    /// nil when the phone did not say.
    public var userAgent: String?
    /// Preference in thousandths, 0…1000 (RFC 3261 §20.10); 1000 when not given.
    public var qThousandths: Int
    /// `+sip.instance` (RFC 5626), quotes included; nil when absent.
    public var instance: String?
    public var expires: WallTime

    public init(
        aor: String, contact: SIPURI, flow: Flow, callID: String, cseq: UInt32, userAgent: String? = nil,
        qThousandths: Int = 1000, instance: String? = nil, expires: WallTime
    ) {
        self.aor = aor
        self.contact = contact
        self.flow = flow
        self.callID = callID
        self.cseq = cseq
        self.userAgent = userAgent
        self.qThousandths = qThousandths
        self.instance = instance
        self.expires = expires
    }

    /// Where requests to it go now: over the connection it registered by while that lives (as RFC 5626 has it), then
    /// over a new one to its contact. nil while it cannot be reached: its connection is gone and its contact leads
    /// elsewhere than to where it was seen, as behind NAT. It can again when it registers.
    public var way: Flow? {
        !flow.transport.isReliable || flow.connection != 0 ? flow : flow.reopened(towards: contact)
    }

    /// `q` as it is written, 0.0…1.0.
    public var q: Double { Double(qThousandths) / 1000 }
}

/// What a registration changed, to be told and stored.
public enum BindingChange: Hashable, Sendable {
    case added(Binding)
    case refreshed(Binding)
    case removed(Binding, Removal)
    /// Its connection closed and none can be opened to it from here. It stays, to be refreshed.
    case unreachable(Binding)

    public enum Removal: Hashable, Sendable {
        /// `expires=0` or `*`.
        case unregistered
        case expired
        /// The same phone (`+sip.instance`) registered under another contact, or a newer contact took its place among
        /// those its address of record may have.
        case replaced
        /// The site no longer knows the address of record.
        case unknown
        /// Its connection closed and cannot be opened from here.
        case connectionClosed
    }

    public var binding: Binding {
        switch self {
        case .added(let binding), .refreshed(let binding), .removed(let binding, _), .unreachable(let binding): binding
        }
    }
}

extension Binding: Codable {
    private enum CodingKeys: String, CodingKey {
        case aor, contact, flow, callID, cseq, userAgent, qThousandths, instance, expires
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let text = try values.decode(String.self, forKey: .contact)
        guard let contact = SIPURI(text) else {
            throw DecodingError.dataCorruptedError(forKey: .contact, in: values, debugDescription: "not a URI: \(text)")
        }
        self.init(
            aor: try values.decode(String.self, forKey: .aor), contact: contact,
            flow: try values.decode(Flow.self, forKey: .flow),
            callID: try values.decode(String.self, forKey: .callID),
            cseq: try values.decode(UInt32.self, forKey: .cseq),
            userAgent: try values.decodeIfPresent(String.self, forKey: .userAgent),
            qThousandths: try values.decode(Int.self, forKey: .qThousandths),
            instance: try values.decodeIfPresent(String.self, forKey: .instance),
            expires: try values.decode(WallTime.self, forKey: .expires))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(aor, forKey: .aor)
        try values.encode(contact.description, forKey: .contact)
        try values.encode(flow, forKey: .flow)
        try values.encode(callID, forKey: .callID)
        try values.encode(cseq, forKey: .cseq)
        try values.encodeIfPresent(userAgent, forKey: .userAgent)
        try values.encode(qThousandths, forKey: .qThousandths)
        try values.encodeIfPresent(instance, forKey: .instance)
        try values.encode(expires, forKey: .expires)
    }
}
