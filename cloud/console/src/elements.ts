// The parts of Element Plus that the console uses, with their styles and nothing else of it.
import "element-plus/es/components/base/style/css";
import "element-plus/es/components/button/style/css";
import "element-plus/es/components/input/style/css";
import "element-plus/es/components/option/style/css";
import "element-plus/es/components/segmented/style/css";
import "element-plus/es/components/select/style/css";
import "element-plus/es/components/skeleton/style/css";
import "element-plus/es/components/skeleton-item/style/css";
import "element-plus/es/components/switch/style/css";

export {
  ElButton,
  ElConfigProvider,
  ElInput,
  ElOption,
  ElSegmented,
  ElSelect,
  ElSkeleton,
  ElSkeletonItem,
  ElSwitch,
} from "element-plus";
