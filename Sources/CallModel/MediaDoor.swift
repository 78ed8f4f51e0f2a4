// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why media could not be had.
public enum MediaError: Error, Hashable, Sendable {
    /// Every port of the configured range is taken.
    case noFreePort
    /// A command ring or table is full, or there is no recorder to be had.
    case exhausted(String)
    /// The address cannot be bound or sent to.
    case address(String)
    /// The room is closed.
    case noSuchRoom
    /// The stream is or was played already.
    case streamTaken
}

/// The narrow door between call control and media: one per user (the exchange), used on its executor only.
///
/// Commands are small, never block and take effect in order at the media thread's next turn; what happens comes back as
/// events through `drain`. A command that names something closed, or a member of another room, does nothing and is
/// counted. Members of a room live on one media thread, chosen when the room is opened; legs and instruments go where
/// they are moved, to rooms of other threads too, and what is said to them afterwards finds them there in order.
public protocol MediaDoor: AnyObject {
    /// A room without members. `callAffinity` picks the media thread: same number, same thread.
    func openRoom(callAffinity: UInt64) throws(MediaError) -> MediaRoom
    /// Closes a room, stopping its players and recorders. Legs still in it hear silence until moved; keys that were
    /// being sent to them are given up.
    func close(_ room: MediaRoom)

    /// Binds an RTP port and puts a leg into the room, silent until `configure`.
    func openLeg(in room: MediaRoom) throws(MediaError) -> (leg: MediaLeg, port: UInt16)
    /// Sets or changes what was negotiated.
    func configure(_ leg: MediaLeg, _ media: LegMedia)
    /// Moves a leg to another room, of any thread: its port, stream, statistics, keys being sent and what was negotiated
    /// go with it, packets that come meanwhile wait in its socket. Gains that name it stay behind. Into a room that is
    /// closed nobody is moved, and a move to where the leg is changes nothing.
    func move(_ leg: MediaLeg, to room: MediaRoom)
    /// Ends a leg; `.legClosed` follows.
    func close(_ leg: MediaLeg)

    /// How loud `listener` hears `speaker`, whatever the speaker's default: 0 not at all, 1 as spoken; 1 of oneself is an
    /// echo. nil takes the cell back, so that the default holds again. Both are members of the room; when one leaves,
    /// cells that name it are gone.
    func setGain(_ room: MediaRoom, listener: MediaMember, speaker: MediaMember, gain: Float?)
    /// How loud every listener (recorders too) without a cell of his own hears `speaker`; 1 until it is set. Nobody hears
    /// himself by default, whatever this says. Music among sixty, or a supervisor nobody hears, is this one number. It is
    /// gone when the speaker leaves the room.
    func setGain(_ room: MediaRoom, speaker: MediaMember, gain: Float)

    /// Plays a clip into the room; heard by every leg unless gains say otherwise.
    func play(_ clip: AudioClip, in room: MediaRoom, loop: Bool) throws(MediaError) -> MediaInstrument
    func play(_ tone: MediaTone, in room: MediaRoom) throws(MediaError) -> MediaInstrument
    /// Plays what is written into `stream` until it is finished; `cancel` is called when the player has ended.
    func play(_ stream: AudioStream, in room: MediaRoom) throws(MediaError) -> MediaInstrument
    /// Starts a recorder: a listener that nobody hears and that does not end a relay. Of a stereo recording `left` has
    /// the left channel, wherever leg and recorder go; nil: the first leg of the room, or the first to speak.
    func record(
        _ settings: RecorderSettings, in room: MediaRoom, left: MediaLeg?
    ) throws(MediaError) -> MediaInstrument
    /// While a recorder is paused its file gets silence; its time goes on.
    func pause(_ recorder: MediaInstrument, _ on: Bool)
    /// Moves a player, tone or recorder with its position to another room, of any thread. A recorder that is moved
    /// together with a leg (`inOneTurn`) misses nothing of it.
    func move(_ instrument: MediaInstrument, to room: MediaRoom)
    /// Stops a player, tone or recorder; `.finished` or `.recorded` follows.
    func stop(_ instrument: MediaInstrument)

    /// Sends key presses to the far side (RFC 4733, in band when it has none), each as long as it says in steps of 20 ms,
    /// 40 ms to 5.1 s, with pauses of 100 ms. At most 64; what is no key is left out.
    func sendKeys(_ keys: [KeyPress], to leg: MediaLeg)

    /// Commands of `body` take effect in one turn of each media thread they go to: no packet passes between a move and
    /// the gains that belong to it. Holds for up to a thousand commands; more are done in order, in several turns.
    func inOneTurn<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T

    /// Takes the events that wait: those of one leg or instrument in the order they happened.
    func drain(_ body: (MediaEvent) -> Void)
}

extension MediaDoor {
    /// `record(_:in:left:)` with the room's first leg left.
    public func record(_ settings: RecorderSettings, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        try record(settings, in: room, left: nil)
    }

    /// Sends keys of 100 ms each. At most 64 characters; others than `0-9*#A-D` are left out.
    public func sendDigits(_ digits: String, to leg: MediaLeg) {
        sendKeys(digits.prefix(64).map { KeyPress($0) }, to: leg)
    }
}
