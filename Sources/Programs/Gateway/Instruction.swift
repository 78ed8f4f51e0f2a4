// SPDX-License-Identifier: AGPL-3.0-or-later

/// Whom an order is for. Lines and telephones count from 1.
enum Subject: Hashable, Sendable {
    case line(Int)
    /// Also written "gateway", because it is the lines that register as one.
    case lines
    /// By port, or by its seat's number when above 100.
    case phone(Int)
    case phones
    /// Whoever was named last.
    case current
}

/// What a line or telephone is to do.
enum Order: Hashable, Sendable {
    /// An outside caller rings this line.
    case ring(from: String, to: String?)
    case dial(String)
    case offHook
    case answer
    case hangUp
    /// Whether the far end of the line, or the telephone, is engaged.
    case engaged(Bool)
    /// Calls are answered by themselves after so many seconds of ringing; nil: never.
    case answerAfter(Double?)
    case press(String)
    case speak(String)
    case stopSpeaking
    case record(String)
    case stopRecording
    /// Until it did, or is, what the words say; `mustHappen` ends the program otherwise.
    case wait(String, seconds: Double, mustHappen: Bool)
}

/// One line of what is typed.
enum Instruction: Hashable, Sendable {
    case order(Subject, Order)
    case pause(seconds: Double)
    case status
    case help
    case quit
    /// An empty line or a comment.
    case nothing
}

/// What is wrong with a line, and how it is written right.
struct InstructionError: Error, Hashable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

extension Instruction {
    /// Reads one line. Words are separated by blanks, letters' case does not matter, `#` at the beginning makes a comment.
    init(parsing line: String) throws(InstructionError) {
        var words = Words(line)
        guard let first = words.peek, !first.hasPrefix("#") else {
            self = .nothing
            return
        }
        switch first {
        case "status": self = .status
        case "help", "?": self = .help
        case "quit", "exit", "bye": self = .quit
        case "sleep", "pause":
            words.skip()
            self = .pause(seconds: try words.seconds(after: "sleep"))
        default:
            let subject = try Instruction.subject(&words)
            self = .order(subject, try Instruction.order(&words))
        }
        if case .order = self { return }
        if first != "sleep", first != "pause" { words.skip() }
        try words.finish()
    }

    private static func subject(_ words: inout Words) throws(InstructionError) -> Subject {
        let word = words.peek
        switch word {
        case "lines", "gateway", "phones":
            words.skip()
            return word == "phones" ? .phones : .lines
        case "line", "phone":
            words.skip()
            guard let text = words.next(), let number = Int(text), (1...99_999).contains(number) else {
                throw InstructionError("which? write: \(word ?? "") 2 …")
            }
            return word == "line" ? .line(number) : .phone(number)
        default: return .current
        }
    }

    private static func order(_ words: inout Words) throws(InstructionError) -> Order {
        let order: Order
        guard let word = words.next() else { throw InstructionError("do what? type help") }
        switch word {
        case "ring":
            guard words.next() == "from", let from = words.number() else {
                throw InstructionError("write: line 2 ring from 13800138000")
            }
            var to: String?
            if words.peek == "to" {
                words.skip()
                guard let number = words.number() else {
                    throw InstructionError("write: line 2 ring from 1380013 to 6001")
                }
                to = number
            }
            order = .ring(from: from, to: to)
        case "dial":
            guard let number = words.number() else { throw InstructionError("write: phone 3 dial 8001") }
            order = .dial(number)
        case "off":
            guard words.next() == "hook" else { throw InstructionError("write: phone 3 off hook") }
            order = .offHook
        case "on":
            guard words.next() == "hook" else { throw InstructionError("write: phone 3 on hook") }
            order = .hangUp
        case "hang":
            guard words.next() == "up" else { throw InstructionError("write: line 2 hang up") }
            order = .hangUp
        case "hangup": order = .hangUp
        case "busy": order = .engaged(true)
        case "free": order = .engaged(false)
        case "answer": order = try answer(&words)
        case "press":
            guard let keys = words.keys() else {
                throw InstructionError("write: line 2 press 12#; keys are 0-9 * # A-D")
            }
            order = .press(keys)
        case "speak": order = .speak(try words.path("speak"))
        case "record": order = .record(try words.path("record"))
        case "stop": order = try stop(&words)
        case "wait": order = try wait(&words, mustHappen: false)
        case "expect": order = try wait(&words, mustHappen: true)
        default: throw InstructionError("\"\(word)\" is not known; type help")
        }
        try words.finish()
        return order
    }

    private static func answer(_ words: inout Words) throws(InstructionError) -> Order {
        switch words.next() {
        case nil: return .answer
        case "never": return .answerAfter(nil)
        case "after":
            if words.peek == "never" {
                words.skip()
                return .answerAfter(nil)
            }
            return .answerAfter(try words.seconds(after: "answer after"))
        default: throw InstructionError("write: line 2 answer, or: lines answer after 5, or: lines answer never")
        }
    }

    private static func stop(_ words: inout Words) throws(InstructionError) -> Order {
        switch words.next() {
        case "speaking": return .stopSpeaking
        case "recording": return .stopRecording
        default: throw InstructionError("write: line 2 stop speaking, or: line 2 stop recording")
        }
    }

    private static func wait(_ words: inout Words, mustHappen: Bool) throws(InstructionError) -> Order {
        var rest = words.takeAll()
        guard rest.count >= 2, let last = rest.popLast(), let seconds = Double(last), (0...86_400).contains(seconds)
        else {
            throw InstructionError(
                "write: line 2 \(mustHappen ? "expect" : "wait") connected 5; the last word is how many seconds at most"
            )
        }
        return .wait(rest.joined(separator: " "), seconds: seconds, mustHappen: mustHappen)
    }
}
