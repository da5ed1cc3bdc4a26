package pdq_test

import (
	"bytes"
	"fmt"
	"log"
	"os"

	"lantern/pdq"
)

func Example() {
	known, err := pdq.Parse("f87ff07ffc6ff86df8fdf87ff86df81ff87ffc6ff86df8fdf85ff86ff81ff00f")
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.ReadFile("testdata/synthetic/shapes-200x150.png")
	if err != nil {
		log.Fatal(err)
	}
	img, format, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	hash, quality, err := pdq.Sum(img)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(format, "of use:", quality >= pdq.MinQuality)
	fmt.Println("worth a look:", hash.Distance(known) <= pdq.Radius)
	// Output:
	// png of use: true
	// worth a look: false
}

func ExampleSumFile() {
	file, err := os.Open("testdata/synthetic/waves-512x512.png")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	_, quality, err := pdq.SumFile(file, pdq.Limits{MaxPixels: 1 << 20})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("of use:", quality >= pdq.MinQuality)
	// Output:
	// of use: true
}
