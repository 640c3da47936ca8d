package vendors

// Only the lines of the TGP bases and of KX-UT670 are from a source; the others'
// are what is generally said of them.
var (
	panasonicModels = modelsOf(
		row{lines: 1, screen: "132x64", names: "KX-HDV100"},
		row{lines: 2, keys: 2, screen: "132x64", names: "KX-HDV130"},
		row{lines: 2, names: "KX-UT113 KX-UT123"},
		row{lines: 4, names: "KX-UT133 KX-UT136 KX-HDV340"},
		row{lines: 6, screen: "132x64", names: "KX-HDV230"},
		row{lines: 6, names: "KX-UT248"},
		row{lines: 6, screen: "800x480", names: "KX-UT670"},
		row{lines: 12, screen: "480x272", names: "KX-HDV330"},
		row{lines: 16, screen: "480x272", names: "KX-HDV430"},
		row{form: Room, names: "KX-HDV800"},
		row{lines: 8, screen: "none", form: DECT, names: "KX-TGP600 KX-TGP700"},
	)
	panasonicTGPModels = modelsOf(
		row{lines: 8, screen: "none", form: DECT, names: "KX-TGP500B04"},
		row{lines: 8, form: DECT, names: "KX-TGP550T04"},
	)
	panasonicUTGModels = modelsOf(
		row{names: "KX-UTG200B KX-UTG300B"},
	)
)
