package vendors

// algoModels of the guide. None has a screen.
var algoModels = modelsOf(
	row{screen: "none", form: Door, names: "8103 8180 8186 8188 8189 8196 8201 8301 8373"},
)
