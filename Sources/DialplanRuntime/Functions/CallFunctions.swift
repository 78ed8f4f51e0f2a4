// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

extension CoreFunctions {
    /// Functions about the call.
    static let call: [CoreFunction] = [
        CoreFunction("CALLERID", 1, 2, write: writeCallerID) { interpreter, arguments in
            let caller = interpreter.call.caller
            switch Arguments.split(arguments).first?.lowercased() {
            case "num", "number", "ani": return caller.number
            case "name": return caller.name
            case "all": return "\"\(caller.name)\" <\(caller.number)>"
            case "dnid": return interpreter.call.dialled
            default: return nil
            }
        },
        CoreFunction("CHANNEL", 1, 2, write: writeChannel) { interpreter, arguments in
            switch arguments.lowercased() {
            case "name": interpreter.channelName
            case "language": interpreter.call.language
            case "musicclass": interpreter.call.musicClass ?? ""
            case "state": interpreter.call.isAnswered ? "Up" : "Ring"
            case "uniqueid": interpreter.call.id.description
            case "linkedid": interpreter.call.callID.description
            case "channeltype": "SIP"
            case "exten": interpreter.position.exten
            case "context": interpreter.position.context
            default: nil
            }
        },
        CoreFunction(
            "GLOBAL", 1, 1,
            write: { interpreter, name, value in interpreter.program.globals[name] = value },
            read: { interpreter, name in interpreter.program.globals[name] }),
        CoreFunction(
            "LOCAL", 1, 1,
            write: { interpreter, name, value in interpreter.setLocal(name, value) },
            read: { interpreter, name in interpreter.variables[name] }),
        CoreFunction("TIMEOUT", 1, 1, write: writeTimeout) { interpreter, kind in
            switch kind.lowercased() {
            case "digit": seconds(interpreter.digitTimeout)
            case "response": seconds(interpreter.responseTimeout)
            case "absolute":
                interpreter.call.deadline.map { seconds(interpreter.call.now.duration(to: $0)) } ?? "0.000"
            default: nil
            }
        },
        CoreFunction("EXCEPTION", 1, 1) { interpreter, kind in
            kind.lowercased() == "reason" ? interpreter.variables["EXCEPTION_REASON"] : nil
        },
        CoreFunction("DIALPLAN_EXISTS", 1, 3) { interpreter, arguments in
            let parts = Arguments.split(arguments)
            guard let context = parts.first, let found = interpreter.program.dialplan.context(context) else {
                return "0"
            }
            guard parts.count > 1 else { return found.name == context ? "1" : "0" }
            let priority = parts.count > 2 ? Int(parts[2]) ?? 1 : 1
            let place = Position(context: context, exten: parts[1], priority: priority)
            return interpreter.find(place) == nil ? "0" : "1"
        },
    ]

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.milliseconds)
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)"
    }

    @Sendable private static func writeCallerID(_ interpreter: Interpreter, _ arguments: String, _ value: String) {
        switch Arguments.split(arguments).first?.lowercased() {
        case "num", "number", "ani": interpreter.call.caller.number = value
        case "name": interpreter.call.caller.name = value
        case "all":
            guard let open = value.firstIndex(of: "<"), let close = value.lastIndex(of: ">"), open < close else {
                interpreter.call.caller = CallerIdentity(number: value)
                return
            }
            let name = value[..<open].filter { $0 != "\"" }.split(separator: " ").joined(separator: " ")
            interpreter.call.caller = CallerIdentity(
                number: String(value[value.index(after: open)..<close]), name: name)
        default: interpreter.note("dialplan.cannotWrite", [("function", "CALLERID(\(arguments))")])
        }
    }

    @Sendable private static func writeChannel(_ interpreter: Interpreter, _ arguments: String, _ value: String) {
        switch arguments.lowercased() {
        case "language": interpreter.call.language = value
        case "musicclass": interpreter.call.musicClass = value.isEmpty ? nil : value
        default: interpreter.note("dialplan.cannotWrite", [("function", "CHANNEL(\(arguments))")])
        }
    }

    @Sendable private static func writeTimeout(_ interpreter: Interpreter, _ kind: String, _ value: String) {
        guard let duration = Duration(seconds: value) else { return }
        switch kind.lowercased() {
        case "digit": interpreter.digitTimeout = duration
        case "response": interpreter.responseTimeout = duration
        case "absolute":
            interpreter.call.deadline = duration > .zero ? interpreter.call.now.advanced(by: duration) : nil
        default: interpreter.note("dialplan.cannotWrite", [("function", "TIMEOUT(\(kind))")])
        }
    }
}
