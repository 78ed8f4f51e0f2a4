// SPDX-License-Identifier: AGPL-3.0-or-later
import ArgumentParser

/// Commands that do something with calls: one line of words over the control socket each.
protocol CallCommand: ParsableCommand {
    var options: DataOptions { get }
    var words: [String] { get }
}

extension CallCommand {
    func run() throws {
        let reply = try ask(ControlRequest(command: "call", call: nil, words: words), options)
        let done = words.joined(separator: " ")
        if options.json { return try printJSON(["done": done, "call": reply.call].compactMapValues { $0 }) }
        print(reply.call.map { "\(done): call \($0)" } ?? "\(done): done")
    }
}

struct OriginateCommand: CallCommand {
    static let configuration = CommandConfiguration(
        commandName: "originate", abstract: "Rings somebody and connects whoever answers with a destination.",
        discussion: "martlet originate Seat/8001 8002")
    @Argument(help: "Whom to ring: Seat/8001, Trunk/gateway/138…, several with &.") var ring: String
    @Argument(help: "Where whoever answers goes: a number of his context, Seat/8002, Context/menu/s …") var then: String
    @Option(name: .long, help: "The number the phone shows.") var caller: String?
    @OptionGroup var options: DataOptions
    var words: [String] { ["originate", ring, then] + (caller.map { [$0] } ?? []) }
}

struct TransferCommand: CallCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Sends the other side of a leg's talk to a destination.")
    @Argument(help: "The leg of who transfers, as 'martlet calls' shows it.") var leg: String
    @Argument(help: "The destination.") var to: String
    @OptionGroup var options: DataOptions
    var words: [String] { ["transfer", leg, to] }
}

struct TakeCommand: CallCommand {
    static let configuration = CommandConfiguration(
        commandName: "take", abstract: "Takes a leg out of whatever it is in and sends it to a destination.")
    @Argument(help: "The leg.") var leg: String
    @Argument(help: "The destination.") var to: String
    @OptionGroup var options: DataOptions
    var words: [String] { ["take", leg, to] }
}

struct BridgeCommand: CallCommand {
    static let configuration = CommandConfiguration(commandName: "bridge", abstract: "Joins two answered legs.")
    @Argument var first: String
    @Argument var second: String
    @OptionGroup var options: DataOptions
    var words: [String] { ["bridge", first, second] }
}

struct CompleteCommand: CallCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete", abstract: "Two talks of one party become one of the two others.")
    @Argument(help: "The party's leg in one talk.") var first: String
    @Argument(help: "Its leg in the other.") var second: String
    @OptionGroup var options: DataOptions
    var words: [String] { ["complete", first, second] }
}

struct ConferenceCommand: CallCommand {
    static let configuration = CommandConfiguration(
        commandName: "conference", abstract: "Two talks of one party become one of three.",
        discussion: "The same leg twice: the talk it is in and the one that waits for it.")
    @Argument(help: "The party's leg in one talk.") var first: String
    @Argument(help: "Its leg in the other.") var second: String
    @OptionGroup var options: DataOptions
    var words: [String] { ["conference", first, second] }
}

struct HoldCommand: CallCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "The other side of a leg's talk hears music, until --off.")
    @Argument(help: "The leg of who holds.") var leg: String
    @Flag(name: .long, help: "The two talk again.") var off = false
    @OptionGroup var options: DataOptions
    var words: [String] { [off ? "resume" : "hold", leg] }
}

struct ParkCommand: CallCommand {
    static let configuration = CommandConfiguration(commandName: "park", abstract: "Parks a leg in a slot.")
    @Argument(help: "The leg that is parked.") var leg: String
    @Argument(help: "The slot; any free one when left out.") var slot: String?
    @OptionGroup var options: DataOptions
    var words: [String] { ["park", leg] + (slot.map { [$0] } ?? []) }
}

struct PickupCommand: CallCommand {
    static let configuration = CommandConfiguration(
        commandName: "pickup", abstract: "A leg takes a call that rings for another one.")
    @Argument(help: "The leg that takes it.") var leg: String
    @Argument(help: "The leg that rings.") var ringing: String
    @OptionGroup var options: DataOptions
    var words: [String] { ["pickup", leg, ringing] }
}

struct HangupCommand: CallCommand {
    static let configuration = CommandConfiguration(commandName: "hangup", abstract: "Ends a call or a leg.")
    @Argument(help: "The number of a call or a leg, as 'martlet calls' shows it.") var number: String
    @Argument(help: "The cause: a Q.850 number or a name such as USER_BUSY.") var cause: String?
    @OptionGroup var options: DataOptions
    var words: [String] { ["hangup", number] + (cause.map { [$0] } ?? []) }
}
