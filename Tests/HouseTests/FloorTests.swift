// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

/// The floors: who may know whom. The build refuses an import that Package.swift does not list; these tests refuse an
/// edge in Package.swift that leads upward or sideways.
@Suite("Floors")
struct FloorTests {
    /// Targets by floor, from the C libraries up. A target imports lower floors only.
    static let floors: [[String]] = [
        ["COSIP", "CORTP", "COpenSSL", "CSpeexDSP"],
        ["Diagnostics"],
        ["Timing", "Threads", "SIPMessage", "SDP", "Audio", "Dialplan", "Configuration"],
        ["SIPStack", "CallModel"],
        ["SIPTransport", "MediaEngine", "Store", "Site", "Sounds", "Names"],
        ["Exchange", "DialplanRuntime"],
        ["Recording", "TestCalls", "TransferFeatures", "Parking", "Pickup"],
        ["SwitchTesting"],
        ["martlet", "Gateway", "Load"],
    ]

    static func floor(of target: String) -> Int? { floors.firstIndex { $0.contains(target) } }

    @Test("every target stands on a floor")
    func known() throws {
        let targets = Set(try SourceTree.files(under: "Sources", endingIn: [".swift", ".c"]).map(SourceTree.target))
        #expect(targets.filter { Self.floor(of: $0) == nil } == [])
    }

    @Test("a target imports lower floors only")
    func downward() throws {
        var found: [String] = []
        for file in try SourceTree.files(under: "Sources", endingIn: [".swift"]) {
            guard let own = Self.floor(of: SourceTree.target(of: file)) else { continue }
            for name in SourceTree.imports(of: file) {
                guard let other = Self.floor(of: name), other >= own else { continue }
                found.append("\(file.path) imports \(name)")
            }
        }
        #expect(found.sorted() == [])
    }

    @Test("a C library has one Swift importer, libosip2 two, and so have the parser of TOML and the database")
    func oneImporter() throws {
        let allowed = ["COSIP": 2, "CORTP": 1, "COpenSSL": 1, "CSpeexDSP": 1, "TOMLKit": 1, "GRDB": 1]
        var importers: [String: Set<String>] = [:]
        for file in try SourceTree.files(under: "Sources", endingIn: [".swift"]) {
            for name in SourceTree.imports(of: file) where allowed[name] != nil {
                importers[name, default: []].insert(SourceTree.target(of: file))
            }
        }
        for (name, most) in allowed {
            let who = importers[name, default: []].sorted()
            #expect(who.count <= most, "\(name) is imported by \(who)")
        }
    }

    @Test("a module sees the exchange through the call model and the dialplan runtime alone")
    func modules() throws {
        let allowed: Set = [
            "CallModel", "DialplanRuntime", "Timing", "Audio", "Dialplan", "Configuration", "Diagnostics",
        ]
        let ours = Set(Self.floors.joined())
        var found: [String] = []
        for file in try SourceTree.files(under: "Sources/Modules", endingIn: [".swift"]) {
            for name in SourceTree.imports(of: file) where ours.contains(name) && !allowed.contains(name) {
                found.append("\(file.path) imports \(name)")
            }
        }
        #expect(found.sorted() == [])
    }

    @Test("machines know no socket, clock, thread or log")
    func pureMachines() throws {
        let outside: Set = ["NIOCore", "NIOPosix", "Logging", "Dispatch", "Network", "GRDB"]
        let pure = Set(Self.floors[1...3].joined())
        var found: [String] = []
        for file in try SourceTree.files(under: "Sources", endingIn: [".swift"])
        where pure.contains(SourceTree.target(of: file)) {
            for name in SourceTree.imports(of: file) where outside.contains(name) {
                found.append("\(file.path) imports \(name)")
            }
        }
        #expect(found.sorted() == [])
    }

    @Test("every Swift target has its page of documentation")
    func pages() throws {
        let targets = Set(try SourceTree.files(under: "Sources", endingIn: [".swift"]).map(SourceTree.target))
        let pages = try SourceTree.files(under: "Sources", endingIn: [".md"]).filter {
            $0.path.contains(".docc/") && $0.text.count > 150
        }
        let told = Set(pages.map(SourceTree.target))
        #expect(targets.subtracting(told).sorted() == [])
    }
}
