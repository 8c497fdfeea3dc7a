/// The page's script: the sliders of the iterations, and the details of the block matrix by pointer and by keyboard.
///
/// Without it the page has everything except movement. It writes texts only, never markup.
enum PageScript {
  /// The text, which is XML as it is: neither `<` nor `&`.
  static let text = """

    "use strict";
    (function () {
      var source = document.getElementById("data");
      var data = source ? JSON.parse(source.textContent) : {};
      var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

      document.querySelectorAll("[data-play]").forEach(function (figure) {
        var play = data[figure.dataset.play];
        if (!play) { return; }
        var slider = figure.querySelector("input");
        var output = figure.querySelector("output");
        var button = figure.querySelector("button");
        var map = figure.querySelector(".heat");
        var cursor = map.querySelector(".cursor");
        var marks = Array.from(map.querySelectorAll(".mark"));
        var last = play.texts.length - 1;
        var timer = null;

        function show(column) {
          output.textContent = play.texts[column];
          slider.setAttribute("aria-valuetext", play.texts[column]);
          cursor.setAttribute("x", Number(map.dataset.left) + column * Number(map.dataset.column));
          marks.forEach(function (mark, row) {
            var right = play.right[row];
            mark.classList.toggle("right", right === -1 ? false : column >= right);
          });
        }
        function stop() {
          if (timer !== null) { clearInterval(timer); timer = null; }
          button.textContent = "Play";
        }
        slider.addEventListener("input", function () { stop(); show(Number(slider.value)); });
        button.addEventListener("click", function () {
          if (timer !== null) { stop(); return; }
          if (Number(slider.value) >= last) { slider.value = 0; show(0); }
          button.textContent = "Pause";
          timer = setInterval(function () {
            var next = Number(slider.value) + 1;
            slider.value = next;
            show(next);
            if (next >= last) { stop(); }
          }, still ? 1500 : Math.max(60, Math.min(700, 8000 / Math.max(1, last))));
        });
        figure.querySelector(".controls").hidden = false;
        if (last === 0) { button.disabled = true; slider.disabled = true; }
        show(last);
      });

      document.querySelectorAll("[data-details]").forEach(function (list) {
        var details = document.getElementById(list.dataset.details);
        var options = Array.from(list.querySelectorAll("[role=option]"));
        var chosen = 0;

        function tell(index) { details.textContent = options[index].getAttribute("aria-label"); }
        function choose(index, moves) {
          options[chosen].setAttribute("tabindex", "-1");
          options[chosen].setAttribute("aria-selected", "false");
          chosen = index;
          options[chosen].setAttribute("tabindex", "0");
          options[chosen].setAttribute("aria-selected", "true");
          if (moves) { options[chosen].focus(); }
          tell(chosen);
        }
        /* The nearest option in a direction, by the middles of the rectangles. */
        function neighbour(dx, dy) {
          var from = options[chosen].getBoundingClientRect();
          var x = (from.left + from.right) / 2, y = (from.top + from.bottom) / 2;
          var best = chosen, least = Infinity;
          options.forEach(function (option, index) {
            var box = option.getBoundingClientRect();
            var along = ((box.left + box.right) / 2 - x) * dx + ((box.top + box.bottom) / 2 - y) * dy;
            var across = Math.abs(((box.left + box.right) / 2 - x) * dy) + Math.abs(((box.top + box.bottom) / 2 - y) * dx);
            var cost = along + 4 * across;
            if (along > 0.5) { if (least > cost) { best = index; least = cost; } }
          });
          return best;
        }
        list.addEventListener("keydown", function (event) {
          var moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
          var next = chosen;
          if (moves[event.key]) { next = neighbour(moves[event.key][0], moves[event.key][1]); }
          else if (event.key === "Home") { next = 0; }
          else if (event.key === "End") { next = options.length - 1; }
          else if (event.key !== "Enter" ? event.key !== " " : false) { return; }
          event.preventDefault();
          choose(next, true);
        });
        list.addEventListener("focusin", function (event) {
          var index = options.indexOf(event.target);
          if (index >= 0) { choose(index, false); }
        });
        /* Only where the pointer moves, not where the page moves under it. */
        var place = "";
        list.addEventListener("pointermove", function (event) {
          var index = options.indexOf(event.target);
          var now = event.screenX + " " + event.screenY;
          if (now === place) { return; }
          place = now;
          if (index >= 0) { tell(index); }
        });
        list.addEventListener("click", function (event) {
          var index = options.indexOf(event.target);
          if (index >= 0) { choose(index, true); }
        });
      });
    })();

    """
}
