// swift-tools-version:6.2
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The floors of the house. A target imports lower floors only; the build enforces it
// (`--explicit-target-dependency-import-check error`, see tools/build), and warnings are errors in our own targets.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let toml: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func floor(
    _ name: String, _ dependencies: [Target.Dependency] = [], at path: String? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency], at path: String) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .executable(name: "martlet-gateway", targets: ["martlet-gateway"]),
        .executable(name: "martlet-load", targets: ["martlet-load"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // Floor 0: C libraries and their shims, one Swift importer each (COSIP two).
        .target(
            name: "COSIP",
            linkerSettings: [.linkedLibrary("osip2"), .linkedLibrary("osipparser2")]),
        .target(
            name: "CORTP", linkerSettings: [.linkedLibrary("ortp"), .linkedLibrary("bctoolbox")]),
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("crypto")]),
        .systemLibrary(name: "CSpeexDSP", providers: [.apt(["libspeexdsp-dev"])]),

        // Floor 1: values and pure functions.
        floor("Diagnostics"),
        floor("Timing"),
        floor("Threads"),
        floor("SIPMessage", ["COSIP"]),
        floor("SDP", ["COSIP"]),
        floor("Audio", ["CSpeexDSP"]),
        floor("Dialplan", ["Diagnostics"]),
        floor("Configuration", ["Diagnostics", toml]),

        // Floor 2: machines and vocabulary.
        floor("SIPStack", ["Timing", "SIPMessage", "COpenSSL"]),
        floor("CallModel", ["Timing", "Configuration"]),

        // Floor 3: the outside world.
        floor("SIPTransport", ["Timing", "SIPMessage", "SIPStack"] + nio),
        floor("MediaEngine", ["Timing", "Threads", "Audio", "CallModel", "CORTP"]),
        floor("Store", ["Timing", "Threads", "CallModel", grdb]),
        floor("Site", ["Timing", "Diagnostics", "Dialplan", "Configuration", "CallModel"]),
        floor("Sounds", ["Timing", "Threads", "Audio", "CallModel"]),
        floor("Names", ["Timing", "Threads"]),

        // Floor 4: the exchange.
        floor(
            "Exchange",
            [
                "Timing", "SIPMessage", "SDP", "SIPStack", "CallModel", "Configuration", "Site", "Sounds", "Names",
                "Dialplan",
                logging,
            ]),
        floor("DialplanRuntime", ["Timing", "Diagnostics", "Dialplan", "CallModel"]),

        // Floor 5: modules.
        floor("Recording", ["CallModel", "DialplanRuntime"], at: "Sources/Modules/Recording"),
        floor("TestCalls", ["CallModel", "DialplanRuntime"], at: "Sources/Modules/TestCalls"),
        floor("TransferFeatures", ["CallModel"], at: "Sources/Modules/TransferFeatures"),
        floor("Parking", ["CallModel", "Configuration", "Diagnostics"], at: "Sources/Modules/Parking"),
        floor("Pickup", ["CallModel"], at: "Sources/Modules/Pickup"),

        // Floor 7: the command, and programs for trying and measuring it.
        program(
            "martlet",
            [
                "Timing", "CallModel", "SIPMessage", "SIPTransport", "SIPStack", "MediaEngine", "Store", "Site",
                "Sounds", "Audio", "Diagnostics", "Configuration", "Names",
                "Exchange", "Dialplan", "DialplanRuntime", "Recording", "TestCalls", "TransferFeatures", "Parking",
                "Pickup",
                arguments, logging,
            ], at: "Sources/martlet"),
        program(
            "martlet-gateway",
            [
                "Timing", "SIPMessage", "SDP", "SIPStack", "SIPTransport", "CallModel",
                "MediaEngine", "Audio", arguments,
            ], at: "Sources/Programs/Gateway"),
        program("martlet-load", ["Audio", arguments], at: "Sources/Programs/Load"),

        // Beside the floors: the simulated world for tests.
        floor(
            "SwitchTesting",
            [
                "Timing", "SIPMessage", "SDP", "SIPStack", "CallModel", "Store", "Site", "Sounds", "Names",
                "Exchange", "Dialplan", "DialplanRuntime", "Recording", "TestCalls", "TransferFeatures", "Parking",
                "Pickup",
                logging,
            ]),

        tests("TimingTests", ["Timing"]),
        tests("ThreadsTests", ["Threads"]),
        tests("SIPMessageTests", ["SIPMessage"]),
        tests("SDPTests", ["SDP"]),
        tests("AudioTests", ["Audio"]),
        .testTarget(
            name: "DialplanTests", dependencies: ["Dialplan", "Diagnostics"], exclude: ["Golden"],
            swiftSettings: settings),
        tests("SIPStackTests", ["SIPStack", "SIPMessage", "Timing"]),
        tests("CallModelTests", ["CallModel", "Configuration", "Diagnostics", "Timing"]),
        tests("SIPTransportTests", ["SIPTransport", "SIPMessage", "SIPStack", "Timing"] + nio),
        .target(name: "CMallocCount", path: "Tests/CMallocCount"),
        tests(
            "MediaEngineTests", ["MediaEngine", "Audio", "CallModel", "Timing", "SwitchTesting", "CMallocCount"]),
        tests("StoreTests", ["Store", "CallModel", "Timing"]),
        tests("SoundsTests", ["Sounds", "Audio", "CallModel", "Timing"]),
        tests("NamesTests", ["Names", "Timing", "Threads"]),
        tests("ConfigurationTests", ["Configuration", "Diagnostics"]),
        tests("SiteTests", ["Site", "Configuration", "Diagnostics", "Dialplan", "CallModel"]),
        tests("DialplanRuntimeTests", ["DialplanRuntime", "Diagnostics", "Dialplan", "CallModel", "Timing"]),
        tests(
            "ExchangeTests",
            [
                "SwitchTesting", "Exchange", "CallModel", "Configuration", "Dialplan", "DialplanRuntime", "Recording",
                "TestCalls",
                "TransferFeatures", "Parking", "Pickup",
                "SIPMessage", "SDP", "SIPStack", "Store", "Timing", "Site", "Names",
            ]),
        tests(
            "ModuleTests", ["Recording", "TestCalls", "CallModel", "Dialplan", "DialplanRuntime", "Timing"]),
        tests("MartletTests", ["martlet", "Site", "SIPMessage", "SIPStack", "Store", "Timing"]),
        tests("GatewayTests", ["martlet-gateway"]),
        tests("HouseTests", []),
        tests("LoadTests", ["martlet-load"]),
        .testTarget(name: "ScenarioTests", exclude: ["sipp"], swiftSettings: settings),
    ]
)
