package vendors

// audiocodesModels of the manuals; screens of the maker's brochures.
var audiocodesModels = modelsOf(
	row{names: "310HD 320HD 405 405HD"},
	row{screen: "128x48", names: "420HD"},
	row{names: "425HD"},
	row{screen: "132x64", names: "430HD 440HD"},
	row{screen: "480x272", names: "445HD 450HD"},
	row{names: "C450HD"},
)
