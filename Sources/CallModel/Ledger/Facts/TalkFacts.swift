// SPDX-License-Identifier: AGPL-3.0-or-later

/// Two legs hear each other from here on: the event's leg and `peer`. Figures of talking are sums of these.
public struct TalkStarted: LedgerFact, Hashable {
    public static let name = "talk.started"
    public var peer: LegID

    public init(peer: LegID) {
        self.peer = peer
    }

    public var fields: [LedgerField] {
        [LedgerField("peer", peer)]
    }

    public init?(fields: LedgerFields) {
        guard let peer = fields.leg("peer") else { return nil }
        self.init(peer: peer)
    }
}

/// They no longer do. Either of the two may be the event's leg. The end of a leg ends its talks as well.
public struct TalkEnded: LedgerFact, Hashable {
    public static let name = "talk.ended"
    public var peer: LegID

    public init(peer: LegID) {
        self.peer = peer
    }

    public var fields: [LedgerField] {
        [LedgerField("peer", peer)]
    }

    public init?(fields: LedgerFields) {
        guard let peer = fields.leg("peer") else { return nil }
        self.init(peer: peer)
    }
}
