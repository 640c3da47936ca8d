package vendors

// Only the lines of the TGP bases and of KX-UT670 are from a source; the others'
// are what is generally said of them.
var (
	panasonicModels = modelsOf(
		row{lines: 1, names: "KX-HDV100"},
		row{lines: 2, names: "KX-HDV130 KX-UT113 KX-UT123"},
		row{lines: 4, names: "KX-UT133 KX-UT136 KX-HDV340"},
		row{lines: 6, names: "KX-HDV230 KX-UT248 KX-UT670"},
		row{lines: 12, names: "KX-HDV330"},
		row{lines: 16, names: "KX-HDV430"},
		row{form: Room, names: "KX-HDV800"},
		row{lines: 8, form: DECT, names: "KX-TGP600 KX-TGP700"},
	)
	panasonicTGPModels = modelsOf(
		row{lines: 8, form: DECT, names: "KX-TGP500B04 KX-TGP550T04"},
	)
	panasonicUTGModels = modelsOf(
		row{names: "KX-UTG200B KX-UTG300B"},
	)
)
