// SPDX-License-Identifier: AGPL-3.0-or-later
public import Timing

/// Thrown by every waiting operation of `CallControl` once the call's first leg is gone.
public struct CallEnded: Error, Hashable, Sendable {
    public var cause: HangupCause
    public init(cause: HangupCause) { self.cause = cause }
}

/// One phone, line or number to ring.
public enum DialTarget: Hashable, Sendable, CustomStringConvertible {
    /// All phones registered for the seat.
    case seat(String)
    case trunk(name: String, number: String)

    public var description: String {
        switch self {
        case .seat(let number): "Seat/\(number)"
        case .trunk(let name, let number): "Trunk/\(name)/\(number)"
        }
    }
}

public struct DialRequest: Sendable {
    /// Rung together; the first to answer wins and the others are cancelled. At most 32.
    public var targets: [DialTarget]
    /// How long to ring, from the first INVITE; nil: as long as the site's limit says.
    public var timeout: Duration?
    /// Plays ring-back to an answered caller even when early media comes (Dial's option r).
    public var forcesRingback: Bool
    /// Go on in the dialplan after the called party hangs up (Dial's option g).
    public var continuesAfterHangup: Bool
    /// Ends the bridged call after this time (Dial's option S).
    public var answeredLimit: Duration?

    public init(
        targets: [DialTarget], timeout: Duration?, forcesRingback: Bool = false,
        continuesAfterHangup: Bool = false, answeredLimit: Duration? = nil
    ) {
        self.targets = targets
        self.timeout = timeout
        self.forcesRingback = forcesRingback
        self.continuesAfterHangup = continuesAfterHangup
        self.answeredLimit = answeredLimit
    }
}

/// DIALSTATUS as Asterisk's admins know it.
public enum DialStatus: String, Hashable, Sendable {
    case answer = "ANSWER"
    case busy = "BUSY"
    case noAnswer = "NOANSWER"
    case cancel = "CANCEL"
    case congestion = "CONGESTION"
    case unavailable = "CHANUNAVAIL"
}

/// What `dial` returns: after a talk has ended, or when nobody answered.
public struct DialResult: Hashable, Sendable {
    public var status: DialStatus
    public var cause: HangupCause
    /// From the INVITE to the answer or the end.
    public var dialled: Duration
    /// From answer to the end of the talk, zero when there was none.
    public var answered: Duration

    public init(status: DialStatus, cause: HangupCause, dialled: Duration, answered: Duration) {
        self.status = status
        self.cause = cause
        self.dialled = dialled
        self.answered = answered
    }
}

public enum PlayResult: Hashable, Sendable {
    case finished
    /// Ended by a key of `interruptedBy`; the key has been taken from the buffer.
    case interrupted(Character)
    /// No such sound in the call's language or in English.
    case missing
}

/// One step of a dialplan as traces show it.
public struct DialplanStep: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var context: String
    public var exten: String
    public var priority: Int
    public var application: String
    public var arguments: String

    public init(
        file: String, line: Int, context: String, exten: String, priority: Int,
        application: String, arguments: String
    ) {
        self.file = file
        self.line = line
        self.context = context
        self.exten = exten
        self.priority = priority
        self.application = application
        self.arguments = arguments
    }
}

/// A call in the hands of its dialplan: the only thing applications and modules see of the exchange.
///
/// An object of one shard, used on that shard's executor alone and therefore not Sendable. Waiting
/// operations throw `CallEnded` as soon as the first leg (the caller) is gone; after that only
/// `trace`, variables and `record` stay useful.
public protocol CallControl: AnyObject {
    var id: CallID { get }
    var caller: CallerIdentity { get set }
    /// The number dialled, as it came in.
    var dialled: String { get }
    /// Who called: a seat, a trunk.
    var party: Party { get }
    /// Prompt language: `en`, `zh`.
    var language: String { get set }
    var now: Instant { get }
    var wallTime: WallTime { get }
    var isAnswered: Bool { get }
    /// Set when the first leg is gone.
    var ended: CallEnded? { get }

    /// 180 to the caller (once); an answered caller hears ring-back until the next sound or bridge.
    func ring() throws
    /// 183 with early media, so that prompts are heard before the answer.
    func progress() throws
    /// 200 to the caller; returns when media can flow. Does nothing when answered.
    func answer() async throws
    /// Ends the call. `cause` decides the response of an unanswered call.
    func hangUp(_ cause: HangupCause)
    func sleep(_ duration: Duration) async throws

    /// Plays `sound` by its name without suffix (`demo-congrats`, `digits/1`, `martlet/welcome`).
    /// An unanswered call is put into early media first. A key of `interruptedBy` ends it.
    func play(_ sound: String, interruptedBy keys: Set<Character>) async throws -> PlayResult
    /// Starts a tone that goes on until `stopTone`, the next sound, or a bridge.
    func startTone(_ tone: MediaTone) throws
    func stopTone()
    /// The next key pressed, from the buffer (at most 64 keys) or as it comes; nil after `timeout`.
    func nextDigit(within timeout: Duration) async throws -> Character?
    /// Forgets keys pressed so far.
    func discardDigits()
    /// The caller hears himself.
    func setEcho(_ on: Bool) throws

    /// How the last `dial` went, also when it threw because the caller hung up or the talk ended the call:
    /// what the `h` extension is told. nil before the first one.
    var lastDial: DialResult? { get }
    /// Rings, bridges, and returns when the talk is over or nobody answered.
    func dial(_ request: DialRequest) async throws -> DialResult

    /// Records the conversation this leg is in, from now until `stopRecording` or the end of the
    /// call, whatever rooms the leg goes through. A relative path is within the recordings folder;
    /// returns the absolute path. One recording at a time; a second start replaces the first. A `layout` of nil is
    /// the site's.
    func startRecording(path: String, layout: RecorderSettings.Layout?) throws -> String
    func stopRecording()

    /// Notes a step of the dialplan in log and ledger.
    func trace(_ step: DialplanStep)
    /// Notes something of a module's own in the ledger.
    func note(_ name: String, _ fields: [(String, String)])
}
