// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Timing

/// A call that is over, or was linked into another: one line of the call detail records.
///
/// Times are the wall clock's and dates only; durations are the monotonic clock's, to the microsecond.
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
    /// From its start to its end.
    public var duration: Duration
    /// From the answer to the end: what carriers bill. Zero when there was none.
    public var answeredDuration: Duration
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
    /// The sum of the call's talks. Not written with the call: it is made of their rows whenever it is read.
    public var talk: Duration
    /// The file of the call's last recording.
    public var recording: String?
    /// The caller's leg. nil in records of earlier versions.
    public var origin: LegID?
    /// The call that it was linked into, and that counts what its legs did afterwards.
    public var into: CallID?
}
