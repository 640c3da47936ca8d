package vendors

// avayaModels of the J100 series. Screens where they are known for sure.
var avayaModels = modelsOf(
	row{lines: 1, screen: "128x32", names: "J129"},
	row{lines: 1, screen: "320x240", names: "J159"},
	row{lines: 1, screen: "800x480", names: "J189"},
	row{lines: 1, screen: "320x240", names: "J139 J169 J179"},
)
