// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Configuration
import Dialplan
import DialplanRuntime
import Foundation
import Names
import Parking
import Pickup
import Recording
import Site
import SwitchTesting
import TestCalls
import Testing
import TransferFeatures

@testable import Exchange

/// A small site, written to a folder for the loader, and switches made of it.
enum Fixture {
    static let files = [
        "site.toml": """
        name = "Test"
        realm = "martlet"
        """,
        "seats.toml": """
        [[seat]]
        number = "8001"
        name = "Anna"
        context = "seats"
        [[seat]]
        number = "8002"
        context = "seats"
        [[seat]]
        number = "8003"
        context = "seats"
        calls = 1
        """,
        "trunks.toml": """
        [[trunk]]
        name = "gateway"
        kind = "registers"
        lines = 2
        context = "seats"
        """,
        "extensions.conf": """
        [seats]
        exten => _X.,1,NoOp()
        """,
    ]

    static let modules: [any Module] = [
        RecordingModule(), TestCallsModule(), TransferFeaturesModule(), ParkingModule(), PickupModule(),
    ]

    static let offer = SiteLoader.Offer(
        applications: DialplanProgram.applicationSignatures(modules: modules),
        functions: DialplanProgram.functionSignatures, modules: modules)

    static let site = load(files)

    static func load(_ files: [String: String], offer: SiteLoader.Offer = offer) -> Site? {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try? text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        let load = SiteLoader.load(folder: folder.path, offer: offer)
        for diagnostic in load.diagnostics { print(diagnostic.text()) }
        return load.site
    }

    static func world(
        seed: UInt64 = 1, site: Site? = site, conditions: SimulatedNetwork.Conditions = SimulatedNetwork.Conditions(),
        sounds: [String: AudioClip] = [:], names: any NameResolving = NoNames(), runner: @escaping ScriptRunner
    ) throws -> SimulatedSwitch {
        SimulatedSwitch(
            seed: seed, site: try #require(site), runner: runner, sounds: sounds, conditions: conditions, names: names,
            modules: modules)
    }

    /// A switch as the command puts it together: the site's own dialplan and features, every module.
    static func wholeSwitch(
        seed: UInt64 = 1, dialplan: String = serviceDialplan, changing changed: [String: String] = [:],
        conditions: SimulatedNetwork.Conditions = SimulatedNetwork.Conditions()
    ) throws -> SimulatedSwitch {
        var files = files.merging(changed) { $1 }
        files["extensions.conf"] = dialplan
        let site = try #require(load(files))
        let program = DialplanProgram(
            dialplan: site.dialplan, modules: modules, globals: GlobalVariables(site.dialplan))
        let music = AudioClip(samples: [Int16](repeating: 2, count: 8000))
        let world = try world(
            seed: seed, site: site, conditions: conditions, sounds: sounds.merging(["music/default": music]) { $1 }
        ) {
            call, entry in
            if let feature = entry.feature {
                await program.run(
                    call, application: feature.application, arguments: feature.arguments, context: entry.context,
                    extension: entry.exten, variables: entry.variables)
            } else {
                await program.run(call, context: entry.context, extension: entry.exten, variables: entry.variables)
            }
        }
        world.media.name(music, "default")
        return world
    }

    /// Seats by their numbers, outside calls by 9, park at 700 and slots, a service that keeps whoever comes.
    static let serviceDialplan = """
        [seats]
        exten => _800X,1,Dial(Seat/${EXTEN},20)
         same => n,Hangup(${HANGUPCAUSE})
        exten => _9X.,1,Dial(Trunk/gateway/${EXTEN:1},20)
        exten => 700,1,Park()
         same => n,Verbose(nobody wanted him)
         same => n,Hangup()
        exten => _7[0-2]X,1,ParkedCall(${EXTEN})
        exten => 600,1,Answer()
         same => n,Echo()
        exten => 601,1,Transfer(8003)
         same => n,Verbose(${TRANSFERSTATUS})
        exten => 602,1,Transfer(8009@gateway)
         same => n,Verbose(${TRANSFERSTATUS})
        """

    /// A dialplan of one line: dials the seat of that number, or `9…` over the gateway.
    static let dialsSeats: ScriptRunner = { call, entry in
        let target: DialTarget =
            entry.exten.hasPrefix("9")
            ? .trunk(name: "gateway", number: String(entry.exten.dropFirst())) : .seat(entry.exten)
        if let result = try? await call.dial(DialRequest(targets: [target], timeout: .seconds(20))) {
            call.hangUp(result.cause)
        }
    }
}

extension SimulatedSwitch {
    /// Nothing is left over: no call, no leg, no place taken, every beginning in the ledger has its end.
    func expectClean(_ comment: Comment = "", sourceLocation: Testing.SourceLocation = #_sourceLocation) {
        run(for: .seconds(120))
        let note = Comment(rawValue: "\(comment) seed \(seed)")
        #expect(calls.isEmpty, note, sourceLocation: sourceLocation)
        #expect(media.legs.isEmpty, note, sourceLocation: sourceLocation)
        #expect(media.rooms.isEmpty, note, sourceLocation: sourceLocation)
        #expect(services.occupancy.taken(.calls) == 0, note, sourceLocation: sourceLocation)
        for seat in ["8001", "8002", "8003"] {
            #expect(services.occupancy.taken(.seat(seat)) == 0, note, sourceLocation: sourceLocation)
        }
        #expect(services.occupancy.taken(.trunk("gateway")) == 0, note, sourceLocation: sourceLocation)
        let box = Leftovers()
        inject { box.lines = await $0.leftovers() }
        run(for: .zero)
        #expect(box.lines == [], note, sourceLocation: sourceLocation)
        // What begins in one call may end in another one it was linked to.
        let names = ledger.events.dropFirst(firstEventOfRun).map(\.name)
        for (begin, end) in [
            ("dial.started", "dial.ended"), ("talk.started", "talk.ended"), ("leg.started", "leg.ended"),
            ("recording.started", "recording.stopped"), ("transfer.started", "transfer.ended"),
        ] {
            let (begun, ended) = (names.count { $0 == begin }, names.count { $0 == end })
            #expect(begun == ended, "\(begin): \(begun), \(end): \(ended) \(note)", sourceLocation: sourceLocation)
        }
        expectSumsAgree(note, sourceLocation: sourceLocation)
        for call in ledger.calls {
            let names = ledger.names(of: call)
            #expect(names.first == "call.started", note, sourceLocation: sourceLocation)
            // One that was linked into another has no other end.
            #expect(names.last == "call.ended" || names.last == "call.linked", note, sourceLocation: sourceLocation)
            let ends = names.count { $0 == "call.ended" || $0 == "call.linked" }
            #expect(ends == 1, note, sourceLocation: sourceLocation)
        }
    }

    private final class Leftovers: @unchecked Sendable { var lines: [String] = [] }

    func end(of call: CallID) -> (cause: HangupCause, disposition: Disposition, by: EndedBy)? {
        for event in ledger.events where event.call == call {
            if let end = event.read(CallEnded.self) { return (end.cause, end.disposition, end.by) }
        }
        return nil
    }
}
