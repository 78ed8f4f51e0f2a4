// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Timing

/// A call that is over: one line of the call detail records.
public struct CallRecord: Hashable, Sendable {
    public var call: CallID
    /// The ledger numbers of the call's first event and of the one that ended it.
    public var firstSequence: UInt64
    public var lastSequence: UInt64
    public var started: WallTime
    /// When the calling leg was answered, by a person or by the switch. nil: never.
    public var answered: WallTime?
    /// When two legs first talked with each other. nil: never.
    public var connected: WallTime?
    public var ended: WallTime
    public var from: Party
    public var callerNumber: String
    public var callerName: String
    public var dialled: String
    /// Where the dialplan began.
    public var context: String
    /// Who the caller talked with first, or was last offered to when nobody answered. nil: nobody was called.
    public var to: Party?
    public var disposition: Disposition
    public var cause: HangupCause
    public var endedBy: EndedBy
    /// How long the calling leg talked with others in all.
    public var talk: Duration
    /// The file of the call's last recording.
    public var recording: String?
    /// In the order in which they were made.
    public var legs: [LegRecord]

    /// From the first INVITE to the end.
    public var duration: Duration { .microseconds(ended.microseconds &- started.microseconds) }
}

/// One leg of a call that is over.
public struct LegRecord: Hashable, Sendable {
    public var leg: LegID
    public var party: Party
    /// The party called us.
    public var isIncoming: Bool
    public var sipCallID: String
    public var address: String
    public var started: WallTime
    public var ringing: WallTime?
    public var answered: WallTime?
    public var ended: WallTime
    public var cause: HangupCause
    public var endedBy: EndedBy
    public var sipStatus: Int?
    public var codec: String?
    /// How long the leg talked with others in all.
    public var talk: Duration
    public var statistics: LegStatistics
}
