"""The commands of `invoice-bot`, one file each: options, what is done, what is printed, the exit status."""
