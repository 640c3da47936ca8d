package vendors

// polyModels with the registrations and line keys the administrator guides give
// for VVX and SoundPoint; the others' are open.
var polyModels = modelsOf(
	row{lines: 2, keys: 2, names: "VVX101 VVX150 VVX200 VVX201 SPIP450"},
	row{lines: 3, keys: 3, names: "SPIP550 SPIP560"},
	row{lines: 4, keys: 4, names: "VVX250"},
	row{lines: 6, keys: 6, names: "VVX300 VVX301 VVX310 VVX311 VVX350 VVX1500"},
	row{lines: 12, keys: 12, names: "VVX400 VVX401 VVX410 VVX411 VVX450 VVX500 VVX501"},
	row{lines: 16, keys: 16, names: "VVX600 VVX601"},
	row{names: "SPIP301 SPIP320 SPIP321 SPIP330 SPIP331 SPIP335 SPIP430 SPIP500 SPIP501 " +
		"SPIP600 SPIP601 SPIP650 SPIP670 CCX350 CCX400 CCX500 CCX600 CCX700 " +
		"EdgeE100 EdgeE220 EdgeE300 EdgeE320 EdgeE350 EdgeE400 EdgeE450 EdgeE500 EdgeE550"},
	row{form: Room, names: "SSIP4000 SSIP5000 SSIP6000 SSIP7000 SSIPDuo Trio8300 Trio8500 Trio8800 TrioC60"},
)
