// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SDP

/// How two legs that were joined come to one codec, so that speech between them passes untouched: one of them is asked by a
/// re-INVITE, and when it does not want to, the other. When neither does, every packet is converted on its way.
struct CodecAgreement: Sendable {
    typealias Side = BridgeMachine.Side

    /// What one side speaks and can be asked for.
    struct Party: Hashable, Sendable {
        var codec: AudioCodec?
        /// It could be asked to speak the other one's codec.
        var canChange: Bool
    }

    /// Who is being asked.
    private(set) var asking: Side?
    /// Each side is asked once in a talk: one that has said no says so again, and a phone that takes the first codec of
    /// every offer would be asked for ever.
    private var asked: Set<Side> = []

    /// Whom to ask now; nil when all is well, when somebody is being asked, and when nobody is left.
    ///
    /// - Parameter first: the side that is asked first.
    mutating func next(_ party: (Side) -> Party, first: Side) -> Side? {
        guard asking == nil, let a = party(.a).codec, let b = party(.b).codec, a != b else { return nil }
        for side in [first, first.other] where !asked.contains(side) && party(side).canChange {
            asked.insert(side)
            asking = side
            return side
        }
        return nil
    }

    /// A side has come to an end with an offer and its answer.
    mutating func negotiated(_ side: Side, isOurs: Bool) {
        guard asking == side else { return }
        asking = nil
        // Its own offer came first and ours was withdrawn: it was not asked.
        if !isOurs { asked.remove(side) }
    }
}
