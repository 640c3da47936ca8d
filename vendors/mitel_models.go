package vendors

// mitelModels with the name in their files where it is another. The CT are
// desk phones with a cordless handset.
var mitelModels = modelsOf(
	row{lines: 9, keys: 6, screen: "320x240", names: "6867i"},
	row{lines: 2, keys: 3, screen: "128x48", names: "6863i"},
	row{lines: 9, keys: 8, screen: "128x48", names: "6865i"},
	row{lines: 24, screen: "480x272", names: "6869i"},
	row{lines: 24, screen: "800x480", names: "6873i"},
	row{lines: 6, names: "6730i 6731i"},
	row{lines: 9, names: "6735i 6737i"},
	row{lines: 9, screen: "640x480", names: "6739i"},
	row{code: "51i", lines: 1, names: "6751i"},
	row{code: "53i", lines: 9, names: "6753i"},
	row{code: "55i", lines: 9, screen: "144x75", names: "6755i"},
	row{code: "57i", lines: 9, screen: "144x128", names: "6757i"},
	row{code: "57iCT", lines: 9, screen: "144x128", names: "6757iCT"},
	row{names: "9112i 9133i 480i 9143i 9480i 9480iCT"},
	row{screen: "128x48", names: "6905 6910"},
	row{screen: "320x240", names: "6915 6920 6920w"},
	row{screen: "480x272", names: "6930 6930w"},
	row{screen: "800x480", names: "6940 6940w"},
	row{screen: "800x480", form: Room, names: "6970"},
)
