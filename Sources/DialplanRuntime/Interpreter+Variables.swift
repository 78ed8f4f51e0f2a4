// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

extension Interpreter: VariableStore, VariableSource {
    func variable(_ name: String) -> String? { value(of: name) }

    /// Asterisk's order: what the call itself knows, its variables, the globals.
    func value(of name: String) -> String? {
        switch name {
        case "EXTEN": return position.exten
        case "CONTEXT": return position.context
        case "PRIORITY": return String(position.priority)
        case "CHANNEL": return channelName
        case "UNIQUEID": return call.id.description
        case "LINKEDID": return call.callID.description
        case "HANGUPCAUSE": return String((call.ended?.cause ?? hangupCause)?.rawValue ?? 0)
        case "EPOCH": return String(call.wallTime.microseconds / 1_000_000)
        case "SYSTEMNAME": return ""
        default: return variables[name] ?? program.globals[name]
        }
    }

    /// nil takes the variable away. `_X` and `__X` are X: a call's variables are all its legs'.
    func setVariable(_ name: String, _ value: String?) {
        let name = String(name.drop { $0 == "_" })
        guard !name.isEmpty else { return }
        if value != nil, variables[name] == nil, variables.count >= Self.maximumVariables {
            note("dialplan.tooManyVariables", [("variable", name)])
            return
        }
        variables[name] = value
    }

    func value(of function: String, arguments: String) async -> String? {
        await CoreFunctions.byName[function]?.read?(self, arguments)
    }

    /// `Set(NAME(arguments)=value)`: false when the function cannot be written.
    func write(_ function: String, _ arguments: String, _ value: String) -> Bool {
        guard let write = CoreFunctions.byName[function]?.write else { return false }
        write(self, arguments, value)
        return true
    }

    var channelName: String { call.party.channelName(of: call.id) }
}
