// SPDX-License-Identifier: AGPL-3.0-or-later
public import Timing

/// Thrown by every waiting operation of a script whose leg was taken to another destination: a transfer, a park, a
/// pickup, a command. Another script drives the leg from then on; this one is to end and touch nothing.
public struct LegTaken: Error, Hashable, Sendable {
    public init() {}
}

/// The leg in the hands of its script.
///
/// An object of the exchange's executor, used there alone and therefore not Sendable. Waiting operations throw `LegGone`
/// as soon as the leg is gone, `LegTaken` as soon as another script has it. After `LegGone` only `trace`, `note`,
/// variables and what is only read stay useful.
public protocol LegControl: AnyObject {
    var id: LegID { get }
    /// The call the leg counts for; another one when two calls have met.
    var callID: CallID { get }
    /// Who is shown when this leg calls somebody.
    var caller: CallerIdentity { get set }
    /// The number dialled, as it came in.
    var dialled: String { get }
    /// Who is at the other end: a seat, a trunk.
    var party: Party { get }
    /// Prompt language: `en`, `zh`.
    var language: String { get set }
    var now: Instant { get }
    var wallTime: WallTime { get }
    var isAnswered: Bool { get }
    /// Set when the leg is gone.
    var ended: LegGone? { get }
    /// When the script's time is over (`TIMEOUT(absolute)`): what waits then throws `DeadlinePassed`. nil: never. It stays
    /// set when it has passed.
    var deadline: Instant? { get set }

    /// 180 to a caller that is not shown ringing already. One that hears us, answered or in early media, hears
    /// ring-back until the next sound, the answer or a bridge (RFC 3960 §3.2).
    func ring() throws
    /// 183 with early media, so that prompts are heard before the answer.
    func progress() throws
    /// 200 to the caller; returns when its speech flows, at the latest after 500 ms. Does nothing when answered.
    func answer() async throws
    /// Ends the leg. `cause` decides the response of an unanswered one.
    func hangUp(_ cause: HangupCause)
    func sleep(_ duration: Duration) async throws

    /// The next key pressed, from the buffer (at most 64 keys) or as it comes; nil after `timeout`.
    func nextDigit(within timeout: Duration) async throws -> Character?
    /// Forgets keys pressed so far.
    func discardDigits()

    /// Notes a step of the dialplan in log and ledger.
    func trace(_ step: DialplanStep)
    /// Notes something of a module's own in the ledger.
    func note(_ name: String, _ fields: [(String, String)])
}

/// What the leg hears, and what is recorded of it.
public protocol SoundControl: AnyObject {
    /// Plays `sound` by its name without suffix (`demo-congrats`, `digits/1`, `martlet/welcome`).
    /// An unanswered call is put into early media first. A key of `interruptedBy` ends it. What is long is read while it
    /// plays.
    func play(_ sound: String, interruptedBy keys: Set<Character>) async throws -> PlayResult
    /// Starts a tone that goes on until `stopTone`, the next sound, or a bridge.
    func startTone(_ tone: MediaTone) throws
    func stopTone()
    /// The class of music the party hears whenever it is held or waits (`CHANNEL(musicclass)`); nil: what the holder's
    /// seat or trunk is given, else the site's. Whom it calls hears the same class unless told otherwise.
    var musicClass: String? { get set }
    /// Starts music of a class, nil for the party's own, that goes on until `stopTone`, the next sound, or a bridge.
    func startMusic(class name: String?) throws
    /// The party hears itself.
    func setEcho(_ on: Bool) throws

    /// Records the conversation this leg is in, from now until `stopRecording` or the end of the
    /// leg, whatever rooms it goes through. A relative path is within the recordings folder;
    /// returns the absolute path, which is another than asked for when the name is taken. One recording at a time; a
    /// second start replaces the first. A `layout` of nil is the site's. Throws `RecordingRefused` when it cannot be
    /// had; a recording of before goes on then.
    func startRecording(path: String, layout: RecorderSettings.Layout?) throws -> String
    func stopRecording()
}

/// The rest of the switch, as far as a script needs it.
public protocol SwitchControl: AnyObject {
    /// How the last `dial` went, also when it threw because the caller hung up or the talk ended the call:
    /// what the `h` extension is told. nil before the first one.
    var lastDial: DialResult? { get }
    /// Rings, bridges, and returns when the talk is over or nobody answered.
    func dial(_ request: DialRequest) async throws -> DialResult

    /// The other side of the talk in whose middle the script runs (a code was pressed); nil elsewhere.
    var partner: LegID? { get }
    /// Asks the exchange for something.
    @discardableResult
    func perform(_ command: Command) throws -> CommandResult
    /// Waits with music until somebody talks to the leg (`join`) and the talk is over, or until `timeout`.
    func rest(for timeout: Duration?) async throws -> RestOutcome
    /// Talks to a leg that rests, and returns when the talk is over. Throws `CommandRefusal` when it does not rest.
    func join(_ leg: LegID) async throws
    /// In the middle of a talk: dials as from a second line while the other side hears music, and returns when that is
    /// over. Hanging up meanwhile joins the two others. Throws `CommandRefusal` when there is no such destination.
    func consult(_ destination: Destination) async throws -> ConsultOutcome
    /// What the number would be if this leg dialled it, in the middle of a talk as the target of a transfer.
    func lookUp(_ number: String) -> NumberMatch
    /// A module at work, by its name.
    func module(named name: String) -> (any RunningModule)?
}

/// How a rest ended.
public enum RestOutcome: Hashable, Sendable {
    case timedOut
    /// Somebody talked to the leg and left.
    case talked
}

/// How a consultation ended.
public enum ConsultOutcome: Hashable, Sendable {
    /// There was a talk.
    case talked
    /// Nobody was reached; the cause is the last dial's.
    case failed(HangupCause)
}

/// What digits are for somebody who collects them.
public enum NumberMatch: Hashable, Sendable {
    /// Nothing begins like this.
    case none
    /// More digits are needed.
    case partial
    /// A number, and more digits could make another one.
    case ambiguous
    /// A number, whatever would follow.
    case complete
}

/// All a dialplan application sees of the exchange.
public typealias CallControl = LegControl & SoundControl & SwitchControl
