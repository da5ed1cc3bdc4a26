module lantern

go 1.26.0
