// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import SIPStack

/// Which line or telephone; from 1.
enum PortID: Hashable, Sendable, Comparable, CustomStringConvertible {
    case line(Int)
    case phone(Int)

    var description: String {
        switch self {
        case .line(let number): "line \(number)"
        case .phone(let number): "phone \(number)"
        }
    }
}

/// A line or telephone and the one call it may have.
struct Port {
    enum State: String {
        /// On hook, nothing going on.
        case idle
        /// The receiver was lifted and nothing dialled.
        case offHook = "off hook"
        /// A call of ours is on its way; it ends in `connected` or `idle`.
        case calling
        /// The switch calls; left by answering, refusing, or the caller's giving up.
        case ringing
        case connected
    }

    var state = State.idle
    var isEngaged = false
    /// Seconds of ringing before it answers by itself; nil: never.
    var answerAfterSeconds: Double?
    /// The other party, for status.
    var other = ""
    var call: PortCall?
    /// What was told of it; `wait` reads on from `eventsRead`.
    private(set) var events: [String] = []
    private var eventsRead = 0

    private static let eventLimit = 256

    mutating func note(_ event: String) {
        if events.count == Port.eventLimit {
            events.removeFirst()
            eventsRead = max(0, eventsRead - 1)
        }
        events.append(event)
    }

    /// A new call begins: what was told of earlier ones is not waited for any more.
    mutating func forgetEvents() { eventsRead = events.count }

    /// Whether it is in the state the words name, or told them since the last match; what matched is read.
    mutating func matches(_ words: String) -> Bool {
        for index in eventsRead..<events.count where Port.begins(events[index].lowercased(), with: words) {
            eventsRead = index + 1
            return true
        }
        return Port.begins(state.rawValue, with: words)
    }

    private static func begins(_ event: String, with words: String) -> Bool {
        event == words || event.hasPrefix(words + " ")
    }
}

/// The call of a port: its SIP session and its speech.
struct PortCall {
    var session: SessionID
    var room: MediaRoom
    var leg: MediaLeg
    /// Our RTP port.
    var port: UInt16
    var offer: SessionDescription?
    var description: SessionDescription?
    /// Agreed with a caller whose call still rings.
    var agreed: NegotiatedAudio?
    /// What media was told.
    var audio: NegotiatedAudio?
    var player: MediaInstrument?
    var recorder: MediaInstrument?
    /// Whether ringing was told.
    var toldRinging = false
    /// The order to hang up came from here.
    var isEndedHere = false
}
