package vendors

// polyModels with the registrations and line keys the administrator guides give
// for VVX and SoundPoint, and screens of data sheets; what is not there is open.
var polyModels = modelsOf(
	row{lines: 2, keys: 2, screen: "132x64", names: "VVX101 VVX150 VVX200 VVX201"},
	row{lines: 2, keys: 2, screen: "256x116", names: "SPIP450"},
	row{lines: 3, keys: 3, screen: "320x160", names: "SPIP550 SPIP560"},
	row{lines: 4, keys: 4, screen: "320x240", names: "VVX250"},
	row{lines: 6, keys: 6, screen: "208x104", names: "VVX300 VVX301 VVX310 VVX311"},
	row{lines: 6, keys: 6, screen: "320x240", names: "VVX350"},
	row{lines: 6, keys: 6, screen: "800x480", names: "VVX1500"},
	row{lines: 12, keys: 12, screen: "320x240", names: "VVX400 VVX401 VVX410 VVX411 VVX500 VVX501"},
	row{lines: 12, keys: 12, screen: "480x272", names: "VVX450"},
	row{lines: 16, keys: 16, screen: "480x272", names: "VVX600 VVX601"},
	row{lines: 2, screen: "102x33", names: "SPIP320 SPIP321 SPIP330 SPIP331 SPIP335"},
	row{screen: "132x46", names: "SPIP430"},
	row{screen: "160x80", names: "SPIP500 SPIP501"},
	row{screen: "320x160", names: "SPIP600 SPIP601 SPIP650 SPIP670"},
	row{screen: "720x1280", names: "CCX400 CCX500"},
	row{screen: "1024x600", names: "CCX600 CCX700"},
	row{names: "SPIP301 CCX350 " +
		"EdgeE100 EdgeE220 EdgeE300 EdgeE320 EdgeE350 EdgeE400 EdgeE450 EdgeE500 EdgeE550"},
	row{lines: 1, screen: "248x68", form: Room, names: "SSIP5000 SSIP6000"},
	row{lines: 1, screen: "255x128", form: Room, names: "SSIP7000"},
	row{screen: "720x1280", form: Room, names: "Trio8500 Trio8800 TrioC60"},
	row{form: Room, names: "SSIP4000 SSIPDuo Trio8300"},
)
