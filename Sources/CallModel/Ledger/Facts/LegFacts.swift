// SPDX-License-Identifier: AGPL-3.0-or-later

/// A leg to or from `party`.
public struct LegStarted: LedgerFact, Hashable {
    public static let name = "leg.started"
    public var party: Party
    /// The party called us.
    public var incoming: Bool
    /// Finds the leg in traces.
    public var sipCallID: String
    /// The far side's address and port.
    public var address: String

    public init(party: Party, incoming: Bool, sipCallID: String, address: String) {
        self.party = party
        self.incoming = incoming
        self.sipCallID = sipCallID
        self.address = address
    }

    public var fields: [LedgerField] {
        [
            LedgerField("party", party), LedgerField("direction", incoming ? "in" : "out"),
            LedgerField("sip_call_id", sipCallID), LedgerField("address", address),
        ]
    }

    public init?(fields: LedgerFields) {
        guard let party = fields.party("party"), let direction = fields.text("direction"),
            let sipCallID = fields.text("sip_call_id"), let address = fields.text("address")
        else { return nil }
        self.init(party: party, incoming: direction == "in", sipCallID: sipCallID, address: address)
    }
}

/// The far side rings (18x).
public struct LegRinging: LedgerFact, Hashable {
    public static let name = "leg.ringing"
    public init() {}
    public init(fields: LedgerFields) {}
}

/// The leg is answered: by the far side, or by us.
public struct LegAnswered: LedgerFact, Hashable {
    public static let name = "leg.answered"
    public var codec: String

    public init(codec: String) {
        self.codec = codec
    }

    public var fields: [LedgerField] {
        [LedgerField("codec", codec)]
    }

    public init?(fields: LedgerFields) {
        guard let codec = fields.text("codec") else { return nil }
        self.init(codec: codec)
    }
}

/// The far side holds us (RFC 3264 §8.4).
public struct LegHeld: LedgerFact, Hashable {
    public static let name = "leg.held"
    public init() {}
    public init(fields: LedgerFields) {}
}

/// The far side has taken us back.
public struct LegResumed: LedgerFact, Hashable {
    public static let name = "leg.resumed"
    public init() {}
    public init(fields: LedgerFields) {}
}

/// A leg is gone. Its talks end with it.
public struct LegEnded: LedgerFact, Hashable {
    public static let name = "leg.ended"
    public var cause: HangupCause
    public var by: EndedBy
    /// The final response, when there was one.
    public var sipStatus: Int?
    public var statistics: LegStatistics

    public init(cause: HangupCause, by: EndedBy, sipStatus: Int?, statistics: LegStatistics) {
        self.cause = cause
        self.by = by
        self.sipStatus = sipStatus
        self.statistics = statistics
    }

    public var fields: [LedgerField] {
        [
            LedgerField("cause", cause), LedgerField("by", word: by),
            LedgerField("received", statistics.packetsReceived), LedgerField("sent", statistics.packetsSent),
            LedgerField("lost", statistics.packetsLost), LedgerField("refused", statistics.packetsRefused),
            LedgerField("jitter", statistics.jitter),
        ].with("sip_status", sipStatus.map(String.init))
    }

    public init?(fields: LedgerFields) {
        guard let cause = fields.cause(), let by = fields.word("by", as: EndedBy.self) else { return nil }
        var statistics = LegStatistics()
        statistics.packetsReceived = fields.number("received") ?? 0
        statistics.packetsSent = fields.number("sent") ?? 0
        statistics.packetsLost = fields.number("lost") ?? 0
        statistics.packetsRefused = fields.number("refused") ?? 0
        statistics.jitter = fields.number("jitter") ?? 0
        self.init(cause: cause, by: by, sipStatus: fields.number("sip_status"), statistics: statistics)
    }
}

/// Nothing was heard from the leg for its RTP time-out.
public struct MediaTimedOut: LedgerFact, Hashable {
    public static let name = "media.timeout"
    public init() {}
    public init(fields: LedgerFields) {}
}

/// A key was pressed.
public struct DigitPressed: LedgerFact, Hashable {
    public static let name = "leg.digit"
    public var key: Character

    public init(key: Character) {
        self.key = key
    }

    public var fields: [LedgerField] {
        [LedgerField("key", String(key))]
    }

    public init?(fields: LedgerFields) {
        guard let text = fields.text("key"), text.count == 1, let key = text.first else { return nil }
        self.init(key: key)
    }
}
