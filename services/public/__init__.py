"""The public application for HiPay and customers: notifications, return pages, our own links, health. It has its own process and port."""
