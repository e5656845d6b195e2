// Times are China's, as the server wrote them, wherever the reader is: CKAN's script would turn them into the browser's.
document.querySelectorAll(".automatic-local-datetime").forEach((time) => time.classList.remove("automatic-local-datetime"));
