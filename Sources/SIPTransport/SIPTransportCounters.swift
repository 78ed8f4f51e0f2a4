// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// What came, went and was refused since the start, over all wire loops.
public struct SIPTransportCounters: Hashable, Sendable {
    /// Messages given to receivers.
    public var messagesReceived = 0
    public var messagesSent = 0
    /// Messages that arrived on one loop and belonged to another.
    public var messagesHopped = 0
    /// Empty lines answered or ignored (RFC 5626 §3.5.1).
    public var keepAlives = 0
    /// No Call-ID to be found: not SIP, or nobody's.
    /// Longer than `maximumDatagramBytes`.
    public var droppedTooLong = 0
    /// Above `messagesPerSecondPerSource`.
    public var droppedByFloodControl = 0
    /// Above `messagesOnTheirWay`.
    public var droppedOnTheWay = 0
    /// Not sent: the address cannot be sent to, or the message is too long.
    public var sendFailures = 0
    /// Datagrams the system had no room for, left to retransmission.
    public var datagramsLost = 0
    public var connectionsAccepted = 0
    public var connectionsOpened = 0
    /// Above the connection limits.
    public var connectionsRefused = 0
    /// The stream was not SIP, or a message was too long or never whole.
    public var connectionsClosedForFraming = 0
    public var connectionsClosedIdle = 0
    /// More than `unsentBytesPerConnection` waited.
    public var connectionsClosedSlow = 0
    /// Open now.
    public var connectionsOpen = 0

    public init() {}
}

/// The live counters: written on every loop, read from anywhere.
final class CounterBoard: Sendable {
    let messagesReceived = Atomic<Int>(0)
    let messagesSent = Atomic<Int>(0)
    let messagesHopped = Atomic<Int>(0)
    let keepAlives = Atomic<Int>(0)
    let droppedTooLong = Atomic<Int>(0)
    let droppedByFloodControl = Atomic<Int>(0)
    let droppedOnTheWay = Atomic<Int>(0)
    let sendFailures = Atomic<Int>(0)
    let datagramsLost = Atomic<Int>(0)
    let connectionsAccepted = Atomic<Int>(0)
    let connectionsOpened = Atomic<Int>(0)
    let connectionsRefused = Atomic<Int>(0)
    let connectionsClosedForFraming = Atomic<Int>(0)
    let connectionsClosedIdle = Atomic<Int>(0)
    let connectionsClosedSlow = Atomic<Int>(0)

    func snapshot(connectionsOpen: Int) -> SIPTransportCounters {
        var copy = SIPTransportCounters()
        copy.messagesReceived = messagesReceived.load(ordering: .relaxed)
        copy.messagesSent = messagesSent.load(ordering: .relaxed)
        copy.messagesHopped = messagesHopped.load(ordering: .relaxed)
        copy.keepAlives = keepAlives.load(ordering: .relaxed)
        copy.droppedTooLong = droppedTooLong.load(ordering: .relaxed)
        copy.droppedByFloodControl = droppedByFloodControl.load(ordering: .relaxed)
        copy.droppedOnTheWay = droppedOnTheWay.load(ordering: .relaxed)
        copy.sendFailures = sendFailures.load(ordering: .relaxed)
        copy.datagramsLost = datagramsLost.load(ordering: .relaxed)
        copy.connectionsAccepted = connectionsAccepted.load(ordering: .relaxed)
        copy.connectionsOpened = connectionsOpened.load(ordering: .relaxed)
        copy.connectionsRefused = connectionsRefused.load(ordering: .relaxed)
        copy.connectionsClosedForFraming = connectionsClosedForFraming.load(ordering: .relaxed)
        copy.connectionsClosedIdle = connectionsClosedIdle.load(ordering: .relaxed)
        copy.connectionsClosedSlow = connectionsClosedSlow.load(ordering: .relaxed)
        copy.connectionsOpen = connectionsOpen
        return copy
    }
}

extension Atomic where Value == Int {
    func count(_ amount: Int = 1) { wrappingAdd(amount, ordering: .relaxed) }
}
