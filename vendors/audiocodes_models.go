package vendors

// audiocodesModels of the manuals.
var audiocodesModels = modelsOf(
	row{names: "310HD 320HD 405 405HD 420HD 425HD 430HD 440HD 445HD 450HD C450HD"},
)
