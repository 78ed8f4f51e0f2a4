// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import Timing

@testable import Exchange

/// A leg machine on the table: its far side's descriptions, and its actions in short words.
enum LegTable {
    static let local = LocalMedia(address: "192.0.2.1", port: 20_000)
    static let profile = LegProfile(codecs: [.pcma, .pcmu], rtpTimeout: .seconds(30), holdTimeout: .seconds(300))

    static func incoming(_ offer: SessionDescription?) -> LegMachine {
        var leg = LegMachine(incoming: offer, sessionNumber: 7, profile: profile)
        _ = leg.handle(.mediaOpened(local))
        return leg
    }

    static func outgoing() -> LegMachine {
        LegMachine(calling: local, preferring: [], sessionNumber: 7, profile: profile)
    }

    /// A description of the far side.
    static func theirs(
        _ direction: MediaDirection = .sendReceive, codecs: [AudioCodec] = [.pcma, .pcmu], port: UInt16 = 4000,
        address: String = "198.51.100.9"
    ) -> SessionDescription {
        OfferAnswer.offer(
            capabilities: AudioCapabilities(codecs: codecs), sessionID: 1, localAddress: address, port: port,
            direction: direction)
    }

    /// One that takes nothing of ours: its only line is refused.
    static var refusing: SessionDescription {
        var description = theirs()
        description.media[0].port = 0
        return description
    }
}

extension LegMachine {
    mutating func words(_ input: LegInput) -> [String] { handle(input).map(\.word) }

    /// All inputs; the words of the last.
    mutating func words(after inputs: LegInput...) -> [String] { inputs.map { words($0) }.last ?? [] }
}

extension LegAction {
    /// `configure` says what is heard and how long silence may last: `configure PCMA sends receives 30 s`.
    var word: String {
        switch self {
        case .ring(let body): body == nil ? "180" : "180 with description"
        case .progress: "183"
        case .accept: "200"
        case .reject(let status, _): "reject \(status)"
        case .bye(let reason): reason == .answeredElsewhere ? "bye elsewhere" : "bye"
        case .acceptOffer(let body): "accept offer \(body.media.first?.direction?.rawValue ?? "")"
        case .rejectOffer(let status): "reject offer \(status)"
        case .reoffer: "re-INVITE"
        case .withdrawOffer: "withdraw re-INVITE"
        case .configure(let media):
            "configure \(media.codec.rawValue)\(media.sends ? " sends" : "")\(media.receives ? " receives" : "")"
                + (media.timeout.map { " \($0.components.seconds) s" } ?? "")
        case .closeMedia: "close media"
        case .overdue: "overdue"
        case .fact(let fact):
            switch fact {
            case .ringing: "fact ringing"
            case .answered(let codec): "fact answered \(codec)"
            case .held: "fact held"
            case .resumed: "fact resumed"
            case .mediaTimedOut: "fact silence"
            case .ended(let end, _): "fact ended \(end.cause.rawValue) by \(end.by.rawValue)"
            }
        case .report(let report):
            switch report {
            case .rings(let status, let media): "tell rings \(status)\(media ? " media" : "")"
            case .answered: "tell answered"
            case .held: "tell held"
            case .resumed: "tell resumed"
            case .negotiated(let isOurs): isOurs ? "tell negotiated by us" : "tell negotiated"
            case .ended(let cause, _, let status, let wasAnswered):
                "tell ended \(cause.rawValue)\(status.map { " \($0)" } ?? "")\(wasAnswered ? " answered" : "")"
            }
        case .forget: "forget"
        }
    }
}
