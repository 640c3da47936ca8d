package vendors

// mitelModels with the name in their files where it is another. The CT are
// desk phones with a cordless handset.
var mitelModels = modelsOf(
	row{lines: 9, screen: "320x240", names: "6867i"},
	row{lines: 2, screen: "128x48", names: "6863i"},
	row{lines: 9, screen: "128x48", names: "6865i"},
	row{screen: "480x272", names: "6869i"},
	row{screen: "800x480", names: "6873i"},
	row{lines: 6, names: "6730i 6731i"},
	row{lines: 9, names: "6735i 6737i 6739i"},
	row{code: "51i", lines: 1, names: "6751i"},
	row{code: "53i", lines: 9, names: "6753i"},
	row{code: "55i", lines: 9, screen: "144x75", names: "6755i"},
	row{code: "57i", lines: 9, screen: "144x128", names: "6757i"},
	row{code: "57iCT", lines: 9, screen: "144x128", names: "6757iCT"},
	row{names: "9112i 9133i 480i 9143i 9480i 9480iCT"},
	row{names: "6905 6910 6915 6920 6920w 6930 6930w 6940 6940w"},
	row{form: Room, names: "6970"},
)
