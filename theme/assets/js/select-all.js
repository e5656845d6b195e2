// A check box in a table's head that ticks all of its rows, and a count of the ticked ones. Without it each row is ticked
// by hand: the box is hidden until this runs.
document.querySelectorAll("[data-select-all]").forEach((head) => {
  const rows = [...head.closest("table").querySelectorAll("tbody input[type=checkbox]")];
  const show = () => {
    const ticked = rows.filter((row) => row.checked).length;
    head.checked = ticked === rows.length;
    head.indeterminate = ticked > 0 && ticked < rows.length;
  };
  head.hidden = false;
  head.addEventListener("change", () => {
    rows.forEach((row) => { row.checked = head.checked; });
    show();
  });
  rows.forEach((row) => row.addEventListener("change", show));
});
