import Figures
import Testing

struct FigureTests {
  @Test(arguments: [
    (0, "0.00"), (1.5, "1.50"), (9.996, "10.0"), (99.96, "100"), (-12.34, "-12.3"), (123_456, "123456"),
  ])
  func `a number has three digits, and no more decimals than two`(value: Double, text: String) {
    #expect(Figure.number(value) == text)
  }

  @Test(arguments: [
    (0.0042, "4.2 ms"), (0.42, "420 ms"), (4.314, "4.31 s"), (52.34, "52.3 s"), (245, "4 min 05 s"),
    (99.96, "1 min 40 s"),
    (4021, "1 h 07 min"),
  ])
  func `a time is read without counting`(value: Double, text: String) {
    #expect(Figure.seconds(value) == text)
  }

  @Test func `units are those in which a number is short`() {
    #expect(
      [0, 912, 1500, 999_900, 25_330_488].map(Figure.bytes) == ["0 B", "912 B", "1.50 kB", "1.00 MB", "25.3 MB"])
    #expect(
      [0, 1.2e15, 148e12, 2.5e3, 3e21].map(Figure.operations) == [
        "0.00 FLOP", "1.20 PFLOP", "148 TFLOP", "2.50 kFLOP", "3000 EFLOP",
      ])
    #expect(Figure.percent(0.304) == "30.4 %" && Figure.factor(1.567) == "1.57×")
    #expect(Figure.decibels(.infinity) == "∞ dB" && Figure.decibels(31.2) == "31.20 dB")
  }
}
